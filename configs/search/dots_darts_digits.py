# python tools/search.py configs/search/dots_darts_digits.py
# DOTS in small: 2 + 1 + 3 epochs; a higher rate of alpha in so few steps
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/digits_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
pools = ['none', 'max_pool_3x3', 'avg_pool_3x3', 'skip_connect']
convs = ['sep_conv_3x3', 'sep_conv_5x5', 'dil_conv_3x3', 'dil_conv_5x5']
supernet = dict(space=dict(num_nodes=3), channels=4, num_cells=3)
model = dict(supernet=supernet, init_std=0.0, weighting=dict(type='GroupSoftmaxWeighting'))
train_cfg = dict(max_epochs=2, portions=(0.25, 0.25), arch_start_epoch=1)
optim_wrapper = dict(arch=dict(optimizer=dict(lr=0.01)))
report = dict(train_config='configs/retrain/darts_digits.py')
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')), report=report)
warm = {
    'model.weighting': dict(type='TopologyWeighting', tau=10.0, _delete_=True),
    'default_hooks.selector.derivation': dict(type='BestSets'),
    'train_cfg': dict(max_epochs=1),
}
tau = dict(type='ExponentialToLast', start=10.0, end=0.02, _delete_=True)
last = dict(max_epochs=3, portions=(0.25,), arch_start_epoch=0)
falling = {'model.weighting.tau': tau, 'train_cfg': last}
stages = [{}, dict(keep=[pools, convs], **warm), dict(carry=['weights'], **falling)]

# python tools/search.py configs/search/dots_darts_c10.py --data-root DIR
# DOTS: the best of two groups per edge; new weights; then pairs of edges under a falling temperature
_base_ = './ostr_darts_c10.py'
pools = ['none', 'max_pool_3x3', 'avg_pool_3x3', 'skip_connect']
convs = ['sep_conv_3x3', 'sep_conv_5x5', 'dil_conv_3x3', 'dil_conv_5x5']
model = dict(init_std=0.0, weighting=dict(type='GroupSoftmaxWeighting'))
train_cfg = dict(max_epochs=30, arch_start_epoch=15)
cosine = dict(type='PartOfCosineLR', T_max=70, start=0, eta_min=0.001, by_epoch=True)
param_scheduler = dict(weights=[cosine])
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))
warm = {
    'model.weighting': dict(type='TopologyWeighting', tau=10.0, _delete_=True),
    'train_cfg': dict(max_epochs=20, arch_start_epoch=20),
    'default_hooks.selector': dict(
        criterion=dict(type='Magnitude'), derivation=dict(type='BestSets')
    ),
    'param_scheduler.weights.0.start': 30,
}
falling = {
    'model.weighting.tau': dict(type='ExponentialToLast', start=10.0, end=0.02, _delete_=True),
    'train_cfg': dict(portions=(1.0,), arch_start_epoch=0),
    'optim_wrapper.arch.optimizer.betas': (0.9, 0.999),
    'param_scheduler.weights.0.start': 50,
}
stages = [{}, dict(keep=[pools, convs], **warm), dict(carry=['weights'], **falling)]

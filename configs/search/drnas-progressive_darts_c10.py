# python tools/search.py configs/search/drnas-progressive_darts_c10.py --data-root DIR
# DrNAS in two stages: 1/6, then 1/4 of the channels among 7, then 4 candidates; all else goes on
_base_ = './ostr_darts_c10.py'
pools = ('max_pool_3x3', 'avg_pool_3x3')
convs = ('sep_conv_3x3', 'sep_conv_5x5', 'dil_conv_3x3', 'dil_conv_5x5')
space = dict(ops=[*pools, 'skip_connect', *convs], unselectable=[])
partial = dict(type='PartialChannelMixedOp', k=6)
model = dict(
    supernet=dict(space=space, channels=36, num_cells=20, mixed_op=partial),
    weighting=dict(type='DirichletWeighting'),
    regularizers=[dict(type='DirichletKL', weight=1e-3)],
)
train_cfg = dict(max_epochs=25, arch_start_epoch=10)
rates = dict(lr=6e-4, weight_decay=0.0)
optim_wrapper = dict(weights=dict(optimizer=dict(lr=0.1)), arch=dict(optimizer=rates))
cosine = dict(type='PartOfCosineLR', T_max=50, start=0, eta_min=0.0, by_epoch=True)
param_scheduler = dict(weights=[cosine])
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))
wider = {'model.supernet.mixed_op.k': 4, 'param_scheduler.weights.0.start': 25}
stages = [{}, dict(keep=4, carry=True, **wider)]

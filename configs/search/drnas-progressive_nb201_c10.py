# python tools/search.py configs/search/drnas-progressive_nb201_c10.py --data-root DIR
# DrNAS in two stages: 1/4, then 1/2 of the channels among 5, then 3 candidates; all else goes on
_base_ = './ostr_nb201_c10.py'
model = dict(
    supernet=dict(mixed_op=dict(type='PartialChannelMixedOp', k=4)),
    weighting=dict(type='DirichletWeighting'),
    regularizers=[dict(type='DirichletKL', weight=1e-3)],
)
train_cfg = dict(max_epochs=50, arch_start_epoch=10)
optim_wrapper = dict(arch=dict(optimizer=dict(weight_decay=0.0)))  # in its place stands the KL
cosine = dict(type='PartOfCosineLR', T_max=100, start=0, eta_min=0.001, by_epoch=True)
param_scheduler = dict(weights=[cosine])
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))
wider = {'model.supernet.mixed_op.k': 2, 'param_scheduler.weights.0.start': 50}
stages = [{}, dict(keep=3, carry=True, **wider)]

# python tools/search.py configs/search/drnas_darts_c10.py --data-root DIR
# DrNAS: the mix is drawn from a Dirichlet distribution, with partial channels; the magnitude decides
_base_ = './ostr_darts_c10.py'
model = dict(
    supernet=dict(channels=36, num_cells=20, mixed_op=dict(type='PartialChannelMixedOp', k=6)),
    weighting=dict(type='DirichletWeighting'),
    regularizers=[dict(type='DirichletKL', weight=1e-3)],
)
train_cfg = dict(arch_start_epoch=10)
optim_wrapper = dict(
    weights=dict(optimizer=dict(lr=0.1)),
    arch=dict(optimizer=dict(lr=6e-4, weight_decay=0.0)),
)
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True)])
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

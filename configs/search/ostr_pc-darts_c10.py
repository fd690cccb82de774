# python tools/search.py configs/search/ostr_pc-darts_c10.py --data-root DIR
# OStr-PC-DARTS on CIFAR-10 (Table II): 1/4 of the channels, edge normalisation
_base_ = './ostr_darts_c10.py'
model = dict(
    supernet=dict(mixed_op=dict(type='PartialChannelMixedOp', k=4)),
    weighting=dict(edge_norm=True),
)
train_dataloader = dict(batch_size=256)
train_cfg = dict(arch_start_epoch=15)
optim_wrapper = dict(weights=dict(optimizer=dict(lr=0.1)), arch=dict(optimizer=dict(lr=6e-4)))
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True)])
default_hooks = dict(report=dict(train_config='configs/retrain/pc-darts_c10.py'))

# python tools/search.py configs/search/p-darts_darts_digits.py
# P-DARTS in small: 3, 4 and 5 cells with 8, 5 and 3 candidates; a higher rate of alpha in so few steps
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/digits_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
dropout = dict(type='SkipDropoutMixedOp', rate=0.1, frozen_epochs=1)
model = dict(supernet=dict(space=dict(num_nodes=3), channels=4, num_cells=3, mixed_op=dropout))
train_cfg = dict(max_epochs=3, portions=(0.25, 0.25), arch_start_epoch=1)
optim_wrapper = dict(arch=dict(optimizer=dict(lr=0.01), clip_grad=dict(max_norm=5)))
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True)])
default_hooks = dict(
    selector=dict(criterion=dict(type='Magnitude'), derivation=dict(type='MaxSkips', most=2)),
    report=dict(train_config='configs/retrain/darts_digits.py'),
)
stages = [
    {},
    dict(keep=5, model=dict(supernet=dict(num_cells=4, mixed_op=dict(rate=0.4)))),
    dict(keep=3, model=dict(supernet=dict(num_cells=5, mixed_op=dict(rate=0.7)))),
]

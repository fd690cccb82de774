# python tools/search.py configs/search/p-darts_darts_c10.py --data-root DIR
# P-DARTS: 5, 11 and 17 cells with 8, 5 and 3 candidates, dropout on skip connections, two skips at most
_base_ = './ostr_darts_c10.py'
model = dict(supernet=dict(num_cells=5, mixed_op=dict(type='SkipDropoutMixedOp', rate=0.1)))
train_dataloader = dict(batch_size=96)
train_cfg = dict(max_epochs=25, arch_start_epoch=10)
optim_wrapper = dict(arch=dict(optimizer=dict(lr=6e-4), clip_grad=dict(max_norm=5)))
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True)])
default_hooks = dict(
    selector=dict(criterion=dict(type='Magnitude'), derivation=dict(type='MaxSkips', most=2))
)
stages = [
    {},
    dict(keep=5, model=dict(supernet=dict(num_cells=11, mixed_op=dict(rate=0.4)))),
    dict(keep=3, model=dict(supernet=dict(num_cells=17, mixed_op=dict(rate=0.7)))),
]

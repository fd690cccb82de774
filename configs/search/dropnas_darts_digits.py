# python tools/search.py configs/search/dropnas_darts_digits.py
# DropNAS in small; a higher rate of alpha in so few steps
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/digits_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(
    supernet=dict(space=dict(num_nodes=3), channels=4, num_cells=3),
    weighting=dict(type='GroupDropWeighting', rate=3e-5),
    regularizers=[dict(type='AlphaDecay', weight=2e-3)],
)
train_cfg = dict(max_epochs=6, portions=(0.25,))
rates = dict(lr=0.0375, weight_decay=6e-4)
alpha = dict(lr=0.01, weight_decay=0.0)
optim_wrapper = dict(
    weights=dict(optimizer=rates, clip_grad=dict(max_norm=3)), arch=dict(optimizer=alpha)
)
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0015, by_epoch=True)])
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is dropped has no gradient
selector = dict(criterion=dict(type='Magnitude'))
default_hooks = dict(selector=selector, report=dict(train_config='configs/retrain/darts_digits.py'))

# python tools/search.py configs/search/fair-darts_darts_digits.py
# FairDARTS in small; a higher rate of alpha lets weights reach 0.85 in so few iterations
_base_ = [
    '../_base_/supernets/fair-darts.py',
    '../_base_/datasets/digits_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(channels=4, num_cells=3))
train_cfg = dict(max_epochs=6)
optim_wrapper = dict(arch=dict(optimizer=dict(lr=0.05, betas=(0.9, 0.999))))
default_hooks = dict(
    selector=dict(criterion=dict(type='Magnitude'), derivation=dict(type='Threshold', least=0.85)),
    report=dict(train_config='configs/retrain/darts_digits.py'),
)

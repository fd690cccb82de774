# python tools/search.py configs/search/fair-darts_darts_c10.py --data-root DIR
# FairDARTS: operations do not compete; those of a weight of 0.85 and more are kept
_base_ = [
    '../_base_/supernets/fair-darts.py',
    '../_base_/datasets/cifar10_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
train_dataloader = dict(batch_size=128)
optim_wrapper = dict(
    weights=dict(optimizer=dict(lr=0.005)),
    arch=dict(optimizer=dict(lr=3e-3, betas=(0.9, 0.999))),
)
default_hooks = dict(
    selector=dict(criterion=dict(type='Magnitude'), derivation=dict(type='Threshold', least=0.85)),
    report=dict(train_config='configs/retrain/darts_c10.py'),
)

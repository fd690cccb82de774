# python tools/search.py configs/search/ostr_darts_in1k.py --data-root DIR
# OStr-DARTS on ImageNet itself (Table IV), all channels: the setting of PC-DARTS, see docs/imagenet.md
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/imagenet_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(num_classes=1000, stem='ImageNetSearchStem'))
train_cfg = dict(portions=(0.1, 0.025), arch_start_epoch=35)
optim_wrapper = dict(
    weights=dict(optimizer=dict(lr=0.5)),
    arch=dict(optimizer=dict(lr=6e-3), clip_grad=dict(max_norm=5)),
)
param_scheduler = dict(
    weights=[dict(type='CosineAfterWarmUpLR', warm_up=5, eta_min=0.0, by_epoch=True)]
)
default_hooks = dict(report=dict(train_config='configs/retrain/darts_in1k.py'))

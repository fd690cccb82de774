# python tools/search.py configs/search/ostr_pc-darts_in1k.py --data-root DIR
# Direct ImageNet search (Table IV): 1/2 of the channels, 10 % + 2.5 % of the images
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/imagenet_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(
    supernet=dict(
        num_classes=1000, stem='ImageNetStem', mixed_op=dict(type='PartialChannelMixedOp', k=2)
    ),
    weighting=dict(edge_norm=True),
)
train_cfg = dict(portions=(0.1, 0.025), arch_start_epoch=35)
optim_wrapper = dict(weights=dict(optimizer=dict(lr=0.5)), arch=dict(optimizer=dict(lr=6e-3)))
param_scheduler = dict(
    weights=[
        dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
        dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=5),
    ]
)
default_hooks = dict(report=dict(train_config='configs/retrain/darts_in1k.py'))

# python tools/search.py configs/search/unnas-jigsaw_darts_in1k.py --data-root DIR
# UnNAS: the supernet learns in which order nine tiles lie, so no labels are read; the magnitude decides
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/imagenet_jigsaw_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(num_classes=1000, stem='ImageNetSearchStem', tiles=9))
train_cfg = dict(max_epochs=2, arch_start_epoch=1)
optim_wrapper = dict(
    weights=dict(optimizer=dict(lr=0.05, weight_decay=3e-5)),
    arch=dict(optimizer=dict(lr=1.5e-4)),
)
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True)])
default_hooks = dict(
    selector=dict(criterion=dict(type='Magnitude')),
    report=dict(train_config='configs/retrain/darts_in1k.py'),
)

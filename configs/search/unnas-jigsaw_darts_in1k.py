# python tools/search.py configs/search/unnas-jigsaw_darts_in1k.py --data-root DIR
# UnNAS: the supernet learns in which order nine tiles lie, so no labels are read; the magnitude decides
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/imagenet_jigsaw_search.py',
    '../_base_/schedules/search_unnas.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(num_classes=1000, stem='ImageNetSearchStem', tiles=9))
default_hooks = dict(
    selector=dict(criterion=dict(type='Magnitude')),
    report=dict(train_config='configs/retrain/darts_in1k.py'),
)

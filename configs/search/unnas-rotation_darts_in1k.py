# python tools/search.py configs/search/unnas-rotation_darts_in1k.py --data-root DIR
# UnNAS: the supernet learns by how much an image is turned, so no labels are read; the magnitude decides
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/imagenet_rotation_search.py',
    '../_base_/schedules/search_unnas.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(num_classes=4, stem='ImageNetSearchStem'))
default_hooks = dict(
    selector=dict(criterion=dict(type='Magnitude')),
    report=dict(train_config='configs/retrain/darts_in1k.py'),
)

# python tools/search.py configs/search/ostr_nb201_in16-120.py --data-root DIR
# OStr-DARTS in the NAS-Bench-201 space on ImageNet16-120
_base_ = [
    '../_base_/supernets/nb201.py',
    '../_base_/datasets/imagenet16-120_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(num_classes=120))
train_cfg = dict(max_epochs=100)
default_hooks = dict(report=dict(train_config='configs/retrain/nb201_in16-120.py'))

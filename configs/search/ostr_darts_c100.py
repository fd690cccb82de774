# python tools/search.py configs/search/ostr_darts_c100.py --data-root DIR
# OStr-DARTS in the DARTS space on CIFAR-100
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/cifar100_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(num_classes=100))
default_hooks = dict(report=dict(train_config='configs/retrain/darts_c100.py'))

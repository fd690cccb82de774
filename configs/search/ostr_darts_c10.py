# python tools/search.py configs/search/ostr_darts_c10.py --data-root DIR
# OStr-DARTS in the DARTS space on CIFAR-10 (Table II)
_base_ = [
    '../_base_/supernets/darts.py',
    '../_base_/datasets/cifar10_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
default_hooks = dict(report=dict(train_config='configs/retrain/darts_c10.py'))

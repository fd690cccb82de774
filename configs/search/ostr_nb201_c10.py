# python tools/search.py configs/search/ostr_nb201_c10.py --data-root DIR --benchmark TABLE
# OStr-DARTS in the NAS-Bench-201 space on CIFAR-10 (Table I)
_base_ = [
    '../_base_/supernets/nb201.py',
    '../_base_/datasets/cifar10_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
train_cfg = dict(max_epochs=100)
default_hooks = dict(report=dict(train_config='configs/retrain/nb201_c10.py'))

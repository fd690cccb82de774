# python tools/search.py configs/search/ostr_nb201_c100.py --data-root DIR
# OStr-DARTS in the NAS-Bench-201 space on CIFAR-100
_base_ = [
    '../_base_/supernets/nb201.py',
    '../_base_/datasets/cifar100_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
model = dict(supernet=dict(num_classes=100))
train_cfg = dict(max_epochs=100)
default_hooks = dict(report=dict(train_config='configs/retrain/nb201_c100.py'))

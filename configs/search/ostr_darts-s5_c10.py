# python tools/search.py configs/search/ostr_darts-s5_c10.py --data-root DIR
# S5 of SmoothDARTS: the space of DARTS without 'none'; operation strength decides
_base_ = [
    '../_base_/supernets/darts-s5.py',
    '../_base_/datasets/cifar10_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
default_hooks = dict(
    report=dict(train_config='configs/retrain/darts_c10.py'),
)

# python tools/search.py configs/search/ostr_darts-s3_c10.py --data-root DIR
# S3 of RobustDARTS: S2 and no connection; operation strength decides
_base_ = [
    '../_base_/supernets/darts-s3.py',
    '../_base_/datasets/cifar10_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
default_hooks = dict(
    report=dict(train_config='configs/retrain/darts_c10.py'),
)

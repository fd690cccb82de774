# python tools/search.py configs/search/loss-change_darts-s2_c10.py --data-root DIR
# S2 of RobustDARTS: the identity or a separable convolution on every edge; the measured change of the loss decides, as the strengths of two operations are equal
_base_ = [
    '../_base_/supernets/darts-s2.py',
    '../_base_/datasets/cifar10_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
default_hooks = dict(
    selector=dict(criterion=dict(type='LossChange', when='epoch')),
    report=dict(train_config='configs/retrain/darts_c10.py'),
)

# python tools/search.py configs/search/loss-change_darts-s4_c10.py --data-root DIR
# S4 of RobustDARTS: noise or a separable convolution on every edge; the measured change of the loss decides, as the strengths of two operations are equal
_base_ = [
    '../_base_/supernets/darts-s4.py',
    '../_base_/datasets/cifar10_search.py',
    '../_base_/schedules/search_50e.py',
    '../_base_/default_runtime_search.py',
]
default_hooks = dict(
    selector=dict(criterion=dict(type='LossChange', when='epoch')),
    report=dict(train_config='configs/retrain/darts_c10.py'),
)

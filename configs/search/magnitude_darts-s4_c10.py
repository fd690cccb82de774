# python tools/search.py configs/search/magnitude_darts-s4_c10.py --data-root DIR
# S4 of RobustDARTS: noise or a separable convolution on every edge; the magnitude decides
_base_ = './loss-change_darts-s4_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude', _delete_=True)))

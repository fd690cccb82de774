# python tools/search.py configs/search/magnitude_darts-s2_c10.py --data-root DIR
# S2 of RobustDARTS: the identity or a separable convolution on every edge; the magnitude decides
_base_ = './loss-change_darts-s2_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude', _delete_=True)))

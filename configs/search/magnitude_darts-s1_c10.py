# python tools/search.py configs/search/magnitude_darts-s1_c10.py --data-root DIR
# S1 of RobustDARTS: two operations per edge, which a search in the full space had left; the magnitude decides
_base_ = './loss-change_darts-s1_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude', _delete_=True)))

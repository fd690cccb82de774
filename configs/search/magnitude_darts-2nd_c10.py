# python tools/search.py configs/search/magnitude_darts-2nd_c10.py --data-root DIR
# DARTS, second order
_base_ = './ostr_darts-2nd_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

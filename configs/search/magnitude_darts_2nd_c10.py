# python tools/search.py configs/search/magnitude_darts_2nd_c10.py --data-root DIR
# DARTS, second order
_base_ = './ostr_darts_2nd_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

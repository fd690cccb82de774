# python tools/search.py configs/search/magnitude_darts_c10.py --data-root DIR
# DARTS, first order
_base_ = './ostr_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

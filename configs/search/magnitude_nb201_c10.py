# python tools/search.py configs/search/magnitude_nb201_c10.py --data-root DIR --benchmark TABLE
# DARTS, first order
_base_ = './ostr_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

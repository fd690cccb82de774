# python tools/search.py configs/search/ostr_darts-minus_nb201_c10.py --data-root DIR --benchmark TABLE
# DARTS-, and operation strength decides
_base_ = './darts-minus_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

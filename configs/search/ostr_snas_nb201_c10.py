# python tools/search.py configs/search/ostr_snas_nb201_c10.py --data-root DIR --benchmark TABLE
# SNAS, and operation strength decides
_base_ = './snas_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

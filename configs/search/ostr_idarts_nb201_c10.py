# python tools/search.py configs/search/ostr_idarts_nb201_c10.py --data-root DIR --benchmark TABLE
# iDARTS, and operation strength decides
_base_ = './idarts_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

# python tools/search.py configs/search/ostr_beta-darts_nb201_c10.py --data-root DIR --benchmark TABLE
# beta-DARTS, and operation strength decides
_base_ = './beta-darts_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

# python tools/search.py configs/search/ostr_drnas_nb201_c10.py --data-root DIR --benchmark TABLE
# DrNAS, and operation strength decides
_base_ = './drnas_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

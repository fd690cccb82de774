# python tools/search.py configs/search/ostr_drnas_darts_c10.py --data-root DIR
# DrNAS, and operation strength decides
_base_ = './drnas_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

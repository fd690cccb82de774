# python tools/search.py configs/search/ostr_snas_darts_c10.py --data-root DIR
# SNAS as published, and operation strength decides
_base_ = './snas_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

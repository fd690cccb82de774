# python tools/search.py configs/search/ostr_sdarts-rs_nb201_c10.py --data-root DIR --benchmark TABLE
# SDARTS-RS, and operation strength decides
_base_ = './sdarts-rs_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

# python tools/search.py configs/search/ostr_sdarts-rs_darts_c10.py --data-root DIR
# SDARTS-RS, and operation strength decides
_base_ = './sdarts-rs_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

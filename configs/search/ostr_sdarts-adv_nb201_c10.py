# python tools/search.py configs/search/ostr_sdarts-adv_nb201_c10.py --data-root DIR --benchmark TABLE
# SDARTS-ADV, and operation strength decides
_base_ = './sdarts-adv_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

# python tools/search.py configs/search/ostr_dots_darts_c10.py --data-root DIR
# DOTS, and operation strength decides which operation of a group an edge keeps; pairs by their weights
_base_ = './dots_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

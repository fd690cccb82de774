# python tools/search.py configs/search/ostr_p-darts_darts_c10.py --data-root DIR
# P-DARTS, and operation strength decides which candidates leave and which are kept
_base_ = './p-darts_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

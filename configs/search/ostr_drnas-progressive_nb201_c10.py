# python tools/search.py configs/search/ostr_drnas-progressive_nb201_c10.py --data-root DIR
# DrNAS in two stages, and operation strength decides which candidates leave and which are kept
_base_ = './drnas-progressive_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

# python tools/search.py configs/search/ostr_unnas-jigsaw_darts_in1k.py --data-root DIR
# UnNAS by the order of tiles, and operation strength decides
_base_ = './unnas-jigsaw_darts_in1k.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrength')))

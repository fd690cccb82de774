# python tools/search.py configs/search/magnitude_pc-darts_c10.py --data-root DIR
# PC-DARTS
_base_ = './ostr_pc-darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

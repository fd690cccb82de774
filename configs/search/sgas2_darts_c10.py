# python tools/search.py configs/search/sgas2_darts_c10.py --data-root DIR
# SGAS, criterion 2: an edge is also the clearer the less its weights have changed
_base_ = './sgas1_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(variant=2)))

# python tools/search.py configs/search/sgas2_nb201_digits.py
# SGAS, criterion 2, in small: an edge is also the clearer the less its weights have changed
_base_ = './sgas1_nb201_digits.py'
default_hooks = dict(selector=dict(criterion=dict(variant=2)))

# python tools/search.py configs/search/tnas_nb201_digits.py
# TNAS: after a search by DARTS, down the tree of operations, without its fine-tuning
_base_ = './ostr_nb201_digits.py'
default_hooks = dict(selector=dict(criterion=dict(type='TreeSearch', depth=6)))

# python tools/search.py configs/search/ostr_nb201_c10-patience.py --data-root DIR --benchmark TABLE
# Ends once the cell is stable; the paper does not print its E_s, see docs/searching.md
_base_ = './ostr_nb201_c10.py'
default_hooks = dict(selector=dict(patience=12))

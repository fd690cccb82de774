# python tools/search.py configs/search/sgas1_nb201_digits.py
# SGAS, criterion 1, in small: after epochs 4 to 9 an edge is decided; all six are kept
_base_ = './ostr_nb201_digits.py'
model_wrapper_cfg = dict(find_unused_parameters=True)  # what left has no gradient
default_hooks = dict(selector=dict(criterion=dict(type='SGAS', variant=1, first=4, interval=1)))

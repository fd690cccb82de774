# python tools/search.py configs/search/sgas1_darts_c10.py --data-root DIR
# SGAS, criterion 1: every 5 epochs the clearest edge is decided, and its other operations leave
_base_ = './ostr_darts_c10.py'
model_wrapper_cfg = dict(find_unused_parameters=True)  # what left has no gradient
default_hooks = dict(selector=dict(criterion=dict(type='SGAS', variant=1)))

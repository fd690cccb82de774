# python tools/search.py configs/search/ostr_darts-plus_darts_c10.py --data-root DIR
# DARTS+, and operation strength decides; the rule still judges the cell of the magnitude
_base_ = './ostr_darts_c10.py'
default_hooks = dict(selector=dict(stop=[dict(type='TooManySkips', skips=2)]))

# python tools/search.py configs/search/darts-plus_darts_c10.py --data-root DIR
# DARTS+: the search ends once the normal cell has two skip connections; the magnitude decides
_base_ = './magnitude_darts_c10.py'
default_hooks = dict(selector=dict(stop=[dict(type='TooManySkips', skips=2)]))

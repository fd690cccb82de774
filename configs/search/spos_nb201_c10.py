# python tools/search.py configs/search/spos_nb201_c10.py --data-root DIR --benchmark TABLE
# SPOS: uniform single paths, then evolution of cells; the schedule is that of random search
_base_ = './uniform_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='Evolution')))

# python tools/search.py configs/search/pruning-saliency_nb201_c10.py --data-root DIR --benchmark TABLE
# The paper's naive baseline (Table V)
_base_ = './ostr_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='PruningSaliency')))

# python tools/search.py configs/search/pruning-saliency_darts_c10.py --data-root DIR
# The paper's naive baseline (Fig. 4 b)
_base_ = './ostr_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='PruningSaliency')))

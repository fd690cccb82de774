# python tools/search.py configs/search/ostr-star_darts_c10.py --data-root DIR
# OStr* of the paper (Eq. 18)
_base_ = './ostr_darts_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrengthStar')))

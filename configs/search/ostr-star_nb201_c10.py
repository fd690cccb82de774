# python tools/search.py configs/search/ostr-star_nb201_c10.py --data-root DIR --benchmark TABLE
# OStr* of the paper (Eq. 18)
_base_ = './ostr_nb201_c10.py'
default_hooks = dict(selector=dict(criterion=dict(type='OperationStrengthStar')))

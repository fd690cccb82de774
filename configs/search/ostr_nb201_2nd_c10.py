# python tools/search.py configs/search/ostr_nb201_2nd_c10.py --data-root DIR --benchmark TABLE
# Second order: the gradient through one step of the weights
_base_ = './ostr_nb201_c10.py'
model = dict(arch_update=dict(type='UnrolledUpdate'))

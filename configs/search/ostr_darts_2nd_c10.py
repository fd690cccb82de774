# python tools/search.py configs/search/ostr_darts_2nd_c10.py --data-root DIR
# Second order: the gradient through one step of the weights
_base_ = './ostr_darts_c10.py'
model = dict(arch_update=dict(type='UnrolledUpdate'))

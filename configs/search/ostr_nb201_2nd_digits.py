# python tools/search.py configs/search/ostr_nb201_2nd_digits.py
# Second order: the gradient through one step of the weights
_base_ = './ostr_nb201_digits.py'
model = dict(arch_update=dict(type='UnrolledUpdate'))

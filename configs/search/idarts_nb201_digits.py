# python tools/search.py configs/search/idarts_nb201_digits.py
# iDARTS: alpha moves every fourth iteration, by the implicit gradient with three terms; the magnitude decides
_base_ = './ostr_nb201_digits.py'
model = dict(arch_update=dict(type='ImplicitUpdate', terms=3))
train_cfg = dict(arch_interval=4)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

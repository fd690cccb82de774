# python tools/search.py configs/search/shapley_nb201_digits.py
# Shapley-NAS: alpha moves by what operations contribute together, and never by gradients
_base_ = './ostr_nb201_digits.py'
train_cfg = dict(arch_start_epoch=10)  # alpha has no gradient step
default_hooks = dict(
    selector=dict(criterion=dict(type='Shapley', when='epoch', first=5), compare=['Magnitude'])
)

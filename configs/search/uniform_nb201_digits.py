# python tools/search.py configs/search/uniform_nb201_digits.py
# Random search with weight sharing: uniform single paths, the best of 100 random cells
_base_ = './ostr_nb201_digits.py'
model = dict(perturbation=dict(type='UniformPath'))
train_cfg = dict(arch_start_epoch=10)  # alpha rests
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is not drawn has no gradient
default_hooks = dict(
    selector=dict(criterion=dict(type='RandomSearch'), compare=[]),
)

# python tools/search.py configs/search/setn_nb201_digits.py
# SETN: weights by uniform single paths, alpha by the mixture; the best of its 100 most probable cells
_base_ = './ostr_nb201_digits.py'
model = dict(perturbation=dict(type='UniformPath'))
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is not drawn has no gradient
default_hooks = dict(
    selector=dict(criterion=dict(type='MostProbable'), compare=[]),
)

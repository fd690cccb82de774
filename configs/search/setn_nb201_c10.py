# python tools/search.py configs/search/setn_nb201_c10.py --data-root DIR --benchmark TABLE
# SETN: weights by uniform single paths, alpha by the mixture; the best of its 100 most probable cells
_base_ = './ostr_nb201_c10.py'
model = dict(perturbation=dict(type='UniformPath'))
train_cfg = dict(max_epochs=250)
optim_wrapper = dict(weights=dict(optimizer=dict(weight_decay=5e-4, nesterov=True)))
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is not drawn has no gradient
default_hooks = dict(
    selector=dict(criterion=dict(type='MostProbable'), compare=[]),
)

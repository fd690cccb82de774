# python tools/search.py configs/search/spos_nb201_c10.py --data-root DIR --benchmark TABLE
# SPOS: uniform single paths, then evolution of cells; the schedule is that of random search
_base_ = './ostr_nb201_c10.py'
model = dict(perturbation=dict(type='UniformPath'))
train_cfg = dict(max_epochs=250, arch_start_epoch=250)  # alpha rests
optim_wrapper = dict(weights=dict(optimizer=dict(weight_decay=5e-4, nesterov=True)))
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is not drawn has no gradient
default_hooks = dict(
    selector=dict(criterion=dict(type='Evolution'), compare=[]),
)

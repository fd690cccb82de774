# python tools/search.py configs/search/spos_nb201_digits.py
# SPOS: uniform single paths, then evolution of cells; the schedule is that of random search
_base_ = './ostr_nb201_digits.py'
model = dict(perturbation=dict(type='UniformPath'))
train_cfg = dict(arch_start_epoch=10)  # alpha rests
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is not drawn has no gradient
default_hooks = dict(
    selector=dict(
        criterion=dict(type='Evolution', generations=5, population=10, parents=5), compare=[]
    ),
)

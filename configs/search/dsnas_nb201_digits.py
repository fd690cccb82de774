# python tools/search.py configs/search/dsnas_nb201_digits.py
# DSNAS: one drawn operation per edge and a score function, on one level; rates are ours; the magnitude decides
_base_ = './ostr_nb201_digits.py'
model = dict(
    weighting=dict(type='CategoricalWeighting'),
)
train_cfg = dict(portions=(1.0,))
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is not drawn has no gradient
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude'), compare=['AlphaSaliency']))

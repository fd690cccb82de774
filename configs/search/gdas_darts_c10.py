# python tools/search.py configs/search/gdas_darts_c10.py --data-root DIR
# GDAS: every pass runs one operation per edge, drawn by the Gumbel-softmax; the magnitude decides
_base_ = './ostr_darts_c10.py'
model = dict(
    weighting=dict(
        type='GumbelWeighting', hard=True, tau=dict(type='LinearToLast', start=10, end=0.1)
    ),
)
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is not drawn has no gradient
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude'), compare=['AlphaSaliency']))

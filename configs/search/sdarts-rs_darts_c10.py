# python tools/search.py configs/search/sdarts-rs_darts_c10.py --data-root DIR
# SDARTS-RS: the weights learn under a mix that is shaken ever harder; the magnitude decides
_base_ = './ostr_darts_c10.py'
model = dict(
    perturbation=dict(type='RandomSmoothing', epsilon=dict(type='Linear', start=0.03, end=0.3)),
)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

# python tools/search.py configs/search/snas_darts_c10.py --data-root DIR
# SNAS as published: soft Gumbel weights on one level, without the term for resources; the magnitude decides
_base_ = './ostr_darts_c10.py'
model = dict(
    weighting=dict(type='GumbelWeighting', tau=dict(type='Linear', start=1, end=0.03)),
)
train_cfg = dict(max_epochs=150, portions=(1.0,))
optim_wrapper = dict(arch=dict(clip_grad=dict(max_norm=10)))
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

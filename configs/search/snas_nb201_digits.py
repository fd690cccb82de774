# python tools/search.py configs/search/snas_nb201_digits.py
# SNAS as in Table I: soft Gumbel weights, on two halves of the data; the magnitude decides
_base_ = './ostr_nb201_digits.py'
model = dict(
    weighting=dict(type='GumbelWeighting', tau=dict(type='Linear', start=10, end=1)),
)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

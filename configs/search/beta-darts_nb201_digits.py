# python tools/search.py configs/search/beta-darts_nb201_digits.py
# beta-DARTS: alphas decay by their weights, ever stronger; the magnitude decides
_base_ = './ostr_nb201_digits.py'
model = dict(
    regularizers=[dict(type='BetaDecay', weight=dict(type='Linear', start=0, end=50))],
)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

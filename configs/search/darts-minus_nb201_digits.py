# python tools/search.py configs/search/darts-minus_nb201_digits.py
# DARTS-: a skip connection beside every mixture, which fades out; the magnitude decides
_base_ = './ostr_nb201_digits.py'
model = dict(
    supernet=dict(
        mixed_op=dict(type='AuxiliarySkipMixedOp', coefficient=dict(type='Linear', start=1, end=0)),
    ),
)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

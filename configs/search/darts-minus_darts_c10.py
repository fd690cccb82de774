# python tools/search.py configs/search/darts-minus_darts_c10.py --data-root DIR
# DARTS-: a skip connection beside every mixture, which fades out; the magnitude decides
_base_ = './ostr_darts_c10.py'
model = dict(
    supernet=dict(
        mixed_op=dict(type='AuxiliarySkipMixedOp', coefficient=dict(type='Linear', start=1, end=0)),
    ),
)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

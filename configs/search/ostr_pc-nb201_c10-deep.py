# python tools/search.py configs/search/ostr_pc-nb201_c10-deep.py --data-root DIR --benchmark TABLE
# The deep search with PC-DARTS' partial channels: 1/4 of them, edge normalisation
_base_ = './ostr_nb201_c10-deep.py'
model = dict(
    supernet=dict(mixed_op=dict(type='PartialChannelMixedOp', k=4)),
    weighting=dict(edge_norm=True),
)

# python tools/search.py configs/search/ostr_pc-darts_in1k.py --data-root DIR
# OStr-PC-DARTS on ImageNet itself (Table IV): 1/2 of the channels, edge normalisation
_base_ = './ostr_darts_in1k.py'
model = dict(
    supernet=dict(mixed_op=dict(type='PartialChannelMixedOp', k=2)),
    weighting=dict(edge_norm=True),
)

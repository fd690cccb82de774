# S3 of RobustDARTS: S2 and no connection
model = dict(
    type='BilevelSearcher',
    supernet=dict(
        type='Supernet',
        space=dict(
            type='DARTSSpace',
            ops=('none', 'skip_connect', 'sep_conv_3x3'),
        ),
        channels=16,
        num_cells=8,
        num_classes=10,
        stem='CIFARStem',
        mixed_op=dict(type='MixedOp'),
    ),
    weighting=dict(type='SoftmaxWeighting', edge_norm=False),
    arch_update=dict(type='FirstOrderUpdate'),
)

# FairDARTS: weights that do not compete, in the space S5, whose nodes keep any number of edges
model = dict(
    type='BilevelSearcher',
    supernet=dict(
        type='Supernet',
        space=dict(
            type='SparseDARTSSpace',
            ops=(
                'max_pool_3x3',
                'avg_pool_3x3',
                'skip_connect',
                'sep_conv_3x3',
                'sep_conv_5x5',
                'dil_conv_3x3',
                'dil_conv_5x5',
            ),
            unselectable=(),
        ),
        channels=16,
        num_cells=8,
        num_classes=10,
        stem='CIFARStem',
        mixed_op=dict(type='MixedOp'),
    ),
    weighting=dict(type='SigmoidWeighting', edge_norm=False),
    init_std=0.0,
    arch_update=dict(type='FirstOrderUpdate'),
    regularizers=[dict(type='ZeroOne', weight=10)],
)

# S5 of SmoothDARTS: the space of DARTS without 'none'
model = dict(
    type='BilevelSearcher',
    supernet=dict(
        type='Supernet',
        space=dict(
            type='DARTSSpace',
            ops=(
                'max_pool_3x3',
                'avg_pool_3x3',
                'skip_connect',
                'sep_conv_3x3',
                'sep_conv_5x5',
                'dil_conv_3x3',
                'dil_conv_5x5',
            ),
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

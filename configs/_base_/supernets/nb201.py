model = dict(
    type='BilevelSearcher',
    supernet=dict(
        type='Supernet',
        space=dict(type='NASBench201Space'),
        channels=16,
        num_cells=5,
        num_classes=10,
        stem='CIFARStem',
        mixed_op=dict(type='MixedOp'),
    ),
    weighting=dict(type='SoftmaxWeighting', edge_norm=False),
    arch_update=dict(type='FirstOrderUpdate'),
)

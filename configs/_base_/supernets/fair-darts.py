# FairDARTS: weights that do not compete, among the operations of S5; a node keeps any number of edges
_base_ = './darts.py'
model = dict(
    supernet=dict(
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
    ),
    weighting=dict(type='SigmoidWeighting'),
    init_std=0.0,
    regularizers=[dict(type='ZeroOne', weight=10)],
)

# S5 of SmoothDARTS: the space of DARTS without 'none'
_base_ = './darts.py'
model = dict(
    supernet=dict(
        space=dict(
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
    ),
)

# S1 of RobustDARTS: two operations per edge, which a search in the full space had left
_base_ = './darts.py'
model = dict(
    supernet=dict(
        space=dict(
            ops=(
                'max_pool_3x3',
                'avg_pool_3x3',
                'skip_connect',
                'sep_conv_3x3',
                'dil_conv_3x3',
                'dil_conv_5x5',
            ),
            candidates=dict(
                normal=(
                    ('skip_connect', 'dil_conv_3x3'),
                    ('skip_connect', 'dil_conv_5x5'),
                    ('skip_connect', 'dil_conv_5x5'),
                    ('skip_connect', 'sep_conv_3x3'),
                    ('skip_connect', 'dil_conv_3x3'),
                    ('max_pool_3x3', 'skip_connect'),
                    ('skip_connect', 'sep_conv_3x3'),
                    ('skip_connect', 'sep_conv_3x3'),
                    ('skip_connect', 'dil_conv_3x3'),
                    ('skip_connect', 'sep_conv_3x3'),
                    ('max_pool_3x3', 'skip_connect'),
                    ('skip_connect', 'dil_conv_3x3'),
                    ('dil_conv_3x3', 'dil_conv_5x5'),
                    ('dil_conv_3x3', 'dil_conv_5x5'),
                ),
                reduce=(
                    ('max_pool_3x3', 'avg_pool_3x3'),
                    ('max_pool_3x3', 'dil_conv_3x3'),
                    ('max_pool_3x3', 'avg_pool_3x3'),
                    ('max_pool_3x3', 'avg_pool_3x3'),
                    ('skip_connect', 'dil_conv_5x5'),
                    ('max_pool_3x3', 'avg_pool_3x3'),
                    ('max_pool_3x3', 'sep_conv_3x3'),
                    ('skip_connect', 'dil_conv_3x3'),
                    ('skip_connect', 'dil_conv_5x5'),
                    ('max_pool_3x3', 'avg_pool_3x3'),
                    ('max_pool_3x3', 'avg_pool_3x3'),
                    ('skip_connect', 'dil_conv_5x5'),
                    ('skip_connect', 'dil_conv_5x5'),
                    ('skip_connect', 'dil_conv_5x5'),
                ),
            ),
        ),
    ),
)

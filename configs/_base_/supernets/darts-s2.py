# S2 of RobustDARTS: the identity or a separable convolution on every edge
_base_ = './darts.py'
model = dict(
    supernet=dict(
        space=dict(
            ops=('skip_connect', 'sep_conv_3x3'),
        ),
    ),
)

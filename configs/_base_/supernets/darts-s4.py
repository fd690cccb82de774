# S4 of RobustDARTS: noise or a separable convolution on every edge
_base_ = './darts.py'
model = dict(
    supernet=dict(
        space=dict(
            ops=('noise', 'sep_conv_3x3'),
        ),
    ),
)

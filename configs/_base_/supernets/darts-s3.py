# S3 of RobustDARTS: S2 and no connection
_base_ = './darts.py'
model = dict(
    supernet=dict(
        space=dict(
            ops=('none', 'skip_connect', 'sep_conv_3x3'),
        ),
    ),
)

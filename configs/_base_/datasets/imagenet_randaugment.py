_base_ = './imagenet_mobile.py'
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(
                type='ostrdet.LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='RandomResizedCrop', scale=224, backend='pillow'),
            dict(type='RandomFlip', prob=0.5, direction='horizontal'),
            dict(
                type='RandAugment',
                policies='timm_increasing',
                num_policies=2,
                total_level=10,
                magnitude_level=9,
                magnitude_std=0.5,
            ),
            dict(type='PackInputs'),
        ],
    ),
)

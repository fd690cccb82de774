_base_ = './cifar10_cutout.py'
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='ostrdet.PadCropFlip', padding=4),
            dict(
                type='RandAugment',
                policies='timm_increasing',
                num_policies=2,
                total_level=10,
                magnitude_level=9,
                magnitude_std=0.5,
            ),
            dict(
                type='Normalize',
                mean=[125.307, 122.95, 113.865],
                std=[62.993, 62.089, 66.705],
                to_rgb=False,
            ),
            dict(type='ostrdet.Cutout', length=16, fill=0),
            dict(type='PackInputs'),
        ],
    ),
)

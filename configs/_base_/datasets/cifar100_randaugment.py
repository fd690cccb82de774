_base_ = './cifar100_cutout.py'
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
                mean=[129.304, 124.07, 112.434],
                std=[68.17, 65.392, 70.418],
                to_rgb=False,
            ),
            dict(type='ostrdet.Cutout', length=16, fill=0),
            dict(type='PackInputs'),
        ],
    ),
)

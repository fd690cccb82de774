# Cutout comes after the normalisation, so its zeros are the mean
_base_ = './cifar100_crop.py'
train_dataloader = dict(
    batch_size=96,
    dataset=dict(
        pipeline=[
            dict(type='ostrdet.PadCropFlip', padding=4),
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

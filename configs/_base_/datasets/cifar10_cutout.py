# Cutout comes after the normalisation, so its zeros are the mean
_base_ = './cifar10_crop.py'
train_dataloader = dict(
    batch_size=96,
    dataset=dict(
        pipeline=[
            dict(type='ostrdet.PadCropFlip', padding=4),
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

# Cutout comes after the normalisation, so its zeros are the mean
data_preprocessor = dict(type='ClsDataPreprocessor', to_rgb=False)  # the pipelines normalise
train_dataloader = dict(
    batch_size=96,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type='ostrdet.CIFAR100',
        data_root='data/cifar100',
        split='train',
        pipeline=[
            dict(type='ostrdet.PadCropFlip', padding=4),
            dict(
                type='Normalize',
                mean=[129.304, 124.07, 112.434],
                std=[68.17, 65.392, 70.418],
                to_rgb=False,
            ),
            dict(type='Cutout', shape=16, pad_val=0, prob=1.0),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ostrdet.CIFAR100',
        data_root='data/cifar100',
        split='test',
        pipeline=[
            dict(
                type='Normalize',
                mean=[129.304, 124.07, 112.434],
                std=[68.17, 65.392, 70.418],
                to_rgb=False,
            ),
            dict(type='PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='Accuracy', topk=(1, 5))

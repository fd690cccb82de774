# CIFAR-10 as an image folder: DIR/{train,test}/<class>/*.jpg, BGR as everywhere in mmcv
data_preprocessor = dict(type='ClsDataPreprocessor', to_rgb=False)  # the pipelines normalise
train_dataloader = dict(
    batch_size=256,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type='ostrdet.ImageFolder',
        data_root='data/cifar10',
        split='train',
        preload_size=32,
        pipeline=[
            dict(type='ostrdet.PadCropFlip', padding=4),
            dict(
                type='Normalize',
                mean=[125.307, 122.95, 113.865],
                std=[62.993, 62.089, 66.705],
                to_rgb=True,
            ),
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
        type='ostrdet.ImageFolder',
        data_root='data/cifar10',
        split='test',
        preload_size=32,
        pipeline=[
            dict(
                type='Normalize',
                mean=[125.307, 122.95, 113.865],
                std=[62.993, 62.089, 66.705],
                to_rgb=True,
            ),
            dict(type='PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='Accuracy', topk=(1, 5))

data_preprocessor = dict(type='ClsDataPreprocessor', to_rgb=False)  # the pipelines normalise
train_dataloader = dict(
    batch_size=256,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type='ostrdet.ImageNet16',
        data_root='data/imagenet16',
        split='train',
        num_classes=120,
        pipeline=[
            dict(type='ostrdet.PadCropFlip', padding=2),
            dict(
                type='Normalize',
                mean=[122.68, 116.66, 104.01],
                std=[63.22, 61.26, 65.09],
                to_rgb=False,
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
        type='ostrdet.ImageNet16',
        data_root='data/imagenet16',
        split='test',
        num_classes=120,
        pipeline=[
            dict(
                type='Normalize',
                mean=[122.68, 116.66, 104.01],
                std=[63.22, 61.26, 65.09],
                to_rgb=False,
            ),
            dict(type='PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='Accuracy', topk=(1, 5))

data_preprocessor = dict(
    type='mmpretrain.ClsDataPreprocessor',
    mean=[122.68, 116.66, 104.01],
    std=[63.22, 61.26, 65.09],
    to_rgb=False,
)
train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type='ImageNet16',
        data_root='data/imagenet16',
        split='train',
        num_classes=120,
        pipeline=[
            dict(type='PadCropFlip', padding=2),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ImageNet16',
        data_root='data/imagenet16',
        split='train',
        num_classes=120,
        pipeline=[
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='mmpretrain.Accuracy', topk=1)

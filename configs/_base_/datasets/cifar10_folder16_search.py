data_preprocessor = dict(
    type='ostrdet.ImagePreprocessor',
    mean=[125.307, 122.95, 113.865],
    std=[62.993, 62.089, 66.705],
    to_rgb=True,
)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    dataset=dict(
        type='ImageFolder',
        data_root='data/cifar10',
        split='train',
        preload_size=16,
        pipeline=[
            dict(type='PadCropFlip', padding=2),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ImageFolder',
        data_root='data/cifar10',
        split='train',
        preload_size=16,
        pipeline=[
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='mmpretrain.Accuracy', topk=1)

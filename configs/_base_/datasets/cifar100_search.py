data_preprocessor = dict(
    type='mmpretrain.ClsDataPreprocessor',
    mean=[129.304, 124.07, 112.434],
    std=[68.17, 65.392, 70.418],
    to_rgb=False,
)
train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type='CIFAR100',
        data_root='data/cifar100',
        split='train',
        pipeline=[
            dict(type='PadCropFlip', padding=4),
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
        type='CIFAR100',
        data_root='data/cifar100',
        split='train',
        pipeline=[
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='mmpretrain.Accuracy', topk=1)

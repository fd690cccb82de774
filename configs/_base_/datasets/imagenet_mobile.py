# Batch 1024 is that of 8 processes. Pillow gives the pixels of torchvision
data_preprocessor = dict(
    type='ClsDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    dataset=dict(
        type='ostrdet.ImageNet',
        data_root='data/imagenet',
        split='train',
        pipeline=[
            dict(
                type='ostrdet.LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='RandomResizedCrop', scale=224, backend='pillow'),
            dict(type='RandomFlip', prob=0.5, direction='horizontal'),
            dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ostrdet.ImageNet',
        data_root='data/imagenet',
        split='val',
        pipeline=[
            dict(
                type='ostrdet.LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='ResizeEdge', scale=256, edge='short', backend='pillow'),
            dict(type='CenterCrop', crop_size=224),
            dict(type='PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='Accuracy', topk=(1, 5))

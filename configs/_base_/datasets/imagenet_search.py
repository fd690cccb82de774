# PC-DARTS: no colour jitter in the search. Pillow gives the pixels of torchvision
data_preprocessor = dict(
    type='ostrdet.ImagePreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
train_dataloader = dict(
    batch_size=1024,
    num_workers=8,
    persistent_workers=True,
    dataset=dict(
        type='ImageNet',
        data_root='data/imagenet',
        split='train',
        pipeline=[
            dict(
                type='LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='mmpretrain.RandomResizedCrop', scale=224, backend='pillow'),
            dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ImageNet',
        data_root='data/imagenet',
        split='train',
        pipeline=[
            dict(
                type='LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='mmpretrain.ResizeEdge', scale=256, edge='short', backend='pillow'),
            dict(type='mmpretrain.CenterCrop', crop_size=224),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='mmpretrain.Accuracy', topk=1)

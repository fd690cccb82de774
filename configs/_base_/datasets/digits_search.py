data_preprocessor = dict(
    type='ostrdet.ImagePreprocessor', mean=[78, 78, 78], std=[94, 94, 94], to_rgb=False
)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    dataset=dict(
        type='Digits',
        split='train',
        size=16,
        pipeline=[
            dict(type='PadCropFlip', padding=2, flip_prob=0.0),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='Digits', split='train', size=16, pipeline=[dict(type='mmpretrain.PackInputs')]
    ),
)
val_evaluator = dict(type='mmpretrain.Accuracy', topk=1)

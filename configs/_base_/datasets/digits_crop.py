data_preprocessor = dict(type='ClsDataPreprocessor', to_rgb=False)  # the pipelines normalise
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    dataset=dict(
        type='ostrdet.Digits',
        split='train',
        size=16,
        pipeline=[
            dict(type='ostrdet.PadCropFlip', padding=2, flip_prob=0.0),
            dict(type='Normalize', mean=[78, 78, 78], std=[94, 94, 94], to_rgb=False),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ostrdet.Digits',
        split='test',
        size=16,
        pipeline=[
            dict(type='Normalize', mean=[78, 78, 78], std=[94, 94, 94], to_rgb=False),
            dict(type='PackInputs'),
        ],
    ),
)
val_evaluator = dict(type='Accuracy', topk=(1, 5))

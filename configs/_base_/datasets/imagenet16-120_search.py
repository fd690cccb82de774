_base_ = './cifar10_search.py'
data_preprocessor = dict(mean=[122.68, 116.66, 104.01], std=[63.22, 61.26, 65.09])
train_dataloader = dict(
    dataset=dict(
        type='ImageNet16',
        data_root='data/imagenet16',
        num_classes=120,
        pipeline=[dict(type='PadCropFlip', padding=2), dict(type='mmpretrain.PackInputs')],
    )
)
val_dataloader = dict(dataset=dict(type='ImageNet16', data_root='data/imagenet16', num_classes=120))

# UnNAS: the label of an image is by how much it is turned
_base_ = './imagenet_search.py'
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=[
            dict(
                type='LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='mmpretrain.RandomResizedCrop', scale=224, backend='pillow'),
            dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
            dict(type='RotationTask'),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(
                type='LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='mmpretrain.ResizeEdge', scale=256, edge='short', backend='pillow'),
            dict(type='mmpretrain.CenterCrop', crop_size=224),
            dict(type='RotationTask'),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)

# UnNAS: the label of an image is the order in which nine tiles of it lie; each has mean 0 and deviation 1
_base_ = './imagenet_search.py'
data_preprocessor = dict(mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0])
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=[
            dict(
                type='LoadImage',
                imdecode_backend='pillow',
                color_type='color_ignore_orientation',
            ),
            dict(type='mmpretrain.RandomResizedCrop', scale=255, backend='pillow'),
            dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
            dict(type='JigsawTask', grid=3, tile=64, labels=1000, grey=0.3),
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
            dict(type='mmpretrain.CenterCrop', crop_size=255),
            dict(type='JigsawTask', grid=3, tile=64, labels=1000, grey=0.0),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)

# python tools/search.py configs/search/unnas-rotation_darts_c10-folder.py --data-root DIR
# UnNAS in small: rotations of CIFAR-10 as an image folder, C 8, 5 cells, 8 epochs; the sizes are ours
_base_ = './ostr_darts_c10-folder.py'
model = dict(supernet=dict(channels=8, num_cells=5, num_classes=4))
train_cfg = dict(max_epochs=8)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='PadCropFlip', padding=4),
            dict(type='RotationTask'),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(pipeline=[dict(type='RotationTask'), dict(type='mmpretrain.PackInputs')])
)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

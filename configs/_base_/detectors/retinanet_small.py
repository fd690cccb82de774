# RetinaNet of a laptop: C 8, 8 cells, narrow neck and head, 320x320 images, from scratch; all training
# images, tested on the validation images. Meant as a base for own data; its schedule is not tuned
_base_ = './retinanet_1x.py'
model = dict(
    backbone=dict(channels=8, num_cells=8, norm_eval=False, frozen_stages=-1, init_cfg=None),
    neck=dict(in_channels=[32, 64, 128], out_channels=64),
    bbox_head=dict(in_channels=64, feat_channels=64, stacked_convs=2),
)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        pipeline=[
            dict(type='ostrdet.LoadImage'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='Resize', scale=(320, 320), keep_ratio=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    dataset=dict(
        pipeline=[
            dict(type='ostrdet.LoadImage'),
            dict(type='Resize', scale=(320, 320), keep_ratio=True),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
            ),
        ],
    ),
)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=100, val_interval=10)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=0.0),
    clip_grad=dict(max_norm=35),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=40),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=100, T_max=100),
]
default_hooks = dict(checkpoint=dict(interval=10))

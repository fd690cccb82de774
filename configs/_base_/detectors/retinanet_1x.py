# mmdet's RetinaNet with a derived network in the place of ResNet-50: strides 8, 16, 32 and on to 128
_base_ = 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='ostrdet.DerivedCellBackbone',
        space=dict(type='DARTSSpace'),
        genotype='darts_v2',
        stem='ImageNetStem',
        channels=48,
        num_cells=14,
        out_indices=(0, 1, 2),
        # Batches of two images are too small for statistics; the stem sees edges and colours only,
        # as the frozen stem and first stage of ResNet do
        norm_eval=True,
        frozen_stages=0,
        init_cfg=dict(
            type='ostrdet.PretrainedBackbone',
            checkpoint='work_dirs/darts_in1k_darts_v2/epoch_250.pth',
        ),
    ),
    # ResNet-50 has a map of stride 4 as well, at which this neck does not start
    neck=dict(in_channels=[192, 384, 768], start_level=0),
)
train_cfg = dict(type='ostrdet.SeededTrainLoop')
train_dataloader = dict(
    batch_sampler=dict(_delete_=True, type='ostrdet.AspectRatioBatchSampler'),
    dataset=dict(
        pipeline=[
            dict(type='ostrdet.LoadImage'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='Resize', scale=(1333, 800), keep_ratio=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ]
    ),
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='ostrdet.LoadImage'),
            dict(type='Resize', scale=(1333, 800), keep_ratio=True),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
            ),
        ]
    )
)
test_dataloader = val_dataloader
default_hooks = dict(
    finite=dict(type='ostrdet.FiniteHook'),
    checkpoint=dict(type='ostrdet.SafeCheckpointHook', max_keep_ckpts=2),
    stop=dict(type='ostrdet.StopSignalHook'),
    console=dict(type='ostrdet.TrainConsoleHook'),
)
randomness = dict(seed=0, deterministic=False)

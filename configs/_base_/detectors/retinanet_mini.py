# The small detector learns 16 images by heart and is tested on the same ones, against the boxes that they
# were loaded with: an experiment, whose children get all of that. Own data: retinanet_small.py
_base_ = './retinanet_small.py'
train_dataloader = dict(
    dataset=dict(
        indices=16,
        pipeline=[
            dict(type='ostrdet.LoadImage'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='Resize', scale=(320, 320), keep_ratio=False),
            dict(type='PackDetInputs'),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file='annotations/instances_train2017.json',
        data_prefix=dict(img='train2017/'),
        # Those without boxes are left out, as in training; a test mode would keep them
        test_mode=False,
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        indices=16,
        pipeline=[
            dict(type='ostrdet.LoadImage'),
            dict(type='Resize', scale=(320, 320), keep_ratio=False),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(
                type='PackDetInputs',
                meta_keys=(
                    'img_id',
                    'img_path',
                    'ori_shape',
                    'img_shape',
                    'scale_factor',
                    'instances',
                ),
            ),
        ],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=None)
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=200, val_interval=50)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=40),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, end=200, T_max=200),
]
default_hooks = dict(checkpoint=dict(interval=50))

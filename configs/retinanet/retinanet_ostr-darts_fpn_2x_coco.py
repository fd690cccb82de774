# python tools/train.py configs/retinanet/retinanet_ostr-darts_fpn_2x_coco.py --data-root DIR
# Twice the epochs, as in mmdet's schedule_2x
_base_ = './retinanet_ostr-darts_fpn_1x_coco.py'
train_cfg = dict(max_epochs=24)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', begin=0, end=24, by_epoch=True, milestones=[16, 22], gamma=0.1),
]

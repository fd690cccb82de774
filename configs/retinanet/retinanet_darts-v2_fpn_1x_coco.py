# python tools/train.py configs/retinanet/retinanet_darts-v2_fpn_1x_coco.py --data-root DIR
# DARTS, second order (Table VII), from the ImageNet classifier of configs/retrain/darts_in1k.py
_base_ = '../_base_/detectors/retinanet_1x.py'
model = dict(
    backbone=dict(
        genotype='darts_v2',
        init_cfg=dict(checkpoint='work_dirs/darts_in1k_darts_v2/epoch_250.pth'),
    )
)

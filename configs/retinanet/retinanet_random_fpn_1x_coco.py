# python tools/train.py configs/retinanet/retinanet_random_fpn_1x_coco.py --data-root DIR
# A random cell (Table VII), from the ImageNet classifier of configs/retrain/darts_in1k.py
_base_ = '../_base_/detectors/retinanet_1x.py'
model = dict(
    backbone=dict(
        genotype='random_s0',
        init_cfg=dict(checkpoint='work_dirs/darts_in1k_random_s0/epoch_250.pth'),
    )
)

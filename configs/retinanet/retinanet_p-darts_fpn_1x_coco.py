# python tools/train.py configs/retinanet/retinanet_p-darts_fpn_1x_coco.py --data-root DIR
# P-DARTS (Table VII), from the ImageNet classifier of configs/retrain/darts_in1k.py
_base_ = '../_base_/detectors/retinanet_1x.py'
model = dict(
    backbone=dict(
        genotype='p-darts',
        init_cfg=dict(checkpoint='work_dirs/darts_in1k_p-darts/epoch_250.pth'),
    )
)

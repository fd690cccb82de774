# python tools/train.py configs/retinanet/retinanet_pc-darts_fpn_1x_coco.py --data-root DIR
# PC-DARTS, searched on ImageNet (Table VII), from the ImageNet classifier of configs/retrain/darts_in1k.py
_base_ = '../_base_/detectors/retinanet_1x.py'
model = dict(
    backbone=dict(
        genotype='pc-darts_in1k',
        init_cfg=dict(checkpoint='work_dirs/darts_in1k_pc-darts_in1k/epoch_250.pth'),
    )
)

# python tools/train.py configs/retinanet/retinanet_unnas-color_fpn_1x_coco.py --data-root DIR
# UnNAS, searched by colorization on ImageNet (Table VII), from the ImageNet classifier of configs/retrain/darts_in1k.py
_base_ = '../_base_/detectors/retinanet_1x.py'
model = dict(
    backbone=dict(
        genotype='unnas_imagenet_col',
        init_cfg=dict(checkpoint='work_dirs/darts_in1k_unnas_imagenet_col/epoch_250.pth'),
    )
)

# python tools/train.py configs/retinanet/retinanet_unnas-jigsaw_fpn_1x_coco.py --data-root DIR
# UnNAS, searched by jigsaw puzzles on ImageNet (Table VII): C 42, from the classifier of configs/retrain/darts_in1k-c42.py
_base_ = '../_base_/detectors/retinanet_1x.py'
model = dict(
    backbone=dict(
        genotype='unnas_imagenet_jig',
        channels=42,
        init_cfg=dict(checkpoint='work_dirs/darts_in1k-c42_unnas_imagenet_jig/epoch_250.pth'),
    ),
    neck=dict(in_channels=[168, 336, 672]),
)

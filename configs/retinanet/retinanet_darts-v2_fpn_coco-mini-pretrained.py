# python tools/train.py configs/retinanet/retinanet_darts-v2_fpn_coco-mini-pretrained.py --data-root DIR
# The same from a small classifier, which this trains (images of CIFAR-10 are 1x1 at stride 32):
#   python tools/train.py configs/retrain/darts_c10-mini.py --data-root DIR --genotype darts_v2
#     --work-dir work_dirs/darts_c10-mini_in-stem
#     --cfg-options model.backbone.stem=ImageNetStem model.head.aux=None
_base_ = '../_base_/detectors/retinanet_mini.py'
model = dict(
    backbone=dict(
        genotype='darts_v2',
        init_cfg=dict(
            _delete_=True,
            type='ostrdet.PretrainedBackbone',
            checkpoint='work_dirs/darts_c10-mini_in-stem/epoch_10.pth',
        ),
    )
)

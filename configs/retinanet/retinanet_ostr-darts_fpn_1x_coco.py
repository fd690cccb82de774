# python tools/train.py configs/retinanet/retinanet_ostr-darts_fpn_1x_coco.py --data-root DIR
# OStr-DARTS (Table VII): what configs/search/ostr_darts_c10.py found, retrained on ImageNet
_base_ = '../_base_/detectors/retinanet_1x.py'
model = dict(
    backbone=dict(
        genotype='work_dirs/ostr_darts_c10/genotype.json',
        init_cfg=dict(checkpoint='work_dirs/darts_in1k_ostr_darts_c10/epoch_250.pth'),
    )
)

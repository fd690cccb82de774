# python tools/train.py configs/retinanet/retinanet_darts-v2_fpn_small.py --data-root DIR
# A small detector from scratch, on all images: the base for a data set of your own
_base_ = '../_base_/detectors/retinanet_small.py'
model = dict(backbone=dict(genotype='darts_v2'))

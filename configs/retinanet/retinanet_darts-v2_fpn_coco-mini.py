# python tools/train.py configs/retinanet/retinanet_darts-v2_fpn_coco-mini.py --data-root DIR
# The real thing at the size of a laptop: 16 training images learnt by heart
_base_ = '../_base_/detectors/retinanet_mini.py'
model = dict(backbone=dict(genotype='darts_v2'))

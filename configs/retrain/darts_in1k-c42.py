# python tools/train.py configs/retrain/darts_in1k-c42.py --genotype unnas_imagenet_jig --data-root DIR
# ImageNet as in darts_in1k.py with C 42, for cells that would have more than 600 million multiply-adds with C 48
_base_ = './darts_in1k.py'
model = dict(backbone=dict(genotype='unnas_imagenet_jig', channels=42))

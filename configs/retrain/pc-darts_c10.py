# python tools/train.py configs/retrain/pc-darts_c10.py --genotype GENOTYPE --data-root DIR
# CIFAR-10, with the drop path of PC-DARTS
_base_ = './darts_c10.py'
model = dict(backbone=dict(genotype='pc-darts_c10', drop_path_prob=0.3))

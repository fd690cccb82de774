# python tools/train.py configs/retrain/darts_c10.py --genotype GENOTYPE --data-root DIR
# CIFAR-10, the recipe of DARTS (Table II)
_base_ = [
    '../_base_/derived/darts_cifar.py',
    '../_base_/datasets/cifar10_cutout.py',
    '../_base_/schedules/cifar_600e.py',
    '../_base_/default_runtime_retrain.py',
]

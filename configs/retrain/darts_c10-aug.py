# python tools/train.py configs/retrain/darts_c10-aug.py --genotype GENOTYPE --data-root DIR
# CIFAR-10 (Aug): RandAugment, twice the epochs (Table II)
_base_ = [
    '../_base_/derived/darts_cifar.py',
    '../_base_/datasets/cifar10_randaugment.py',
    '../_base_/schedules/cifar_600e.py',
    '../_base_/default_runtime_retrain.py',
]
train_cfg = dict(max_epochs=1200)

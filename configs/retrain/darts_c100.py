# python tools/train.py configs/retrain/darts_c100.py --genotype GENOTYPE --data-root DIR
# CIFAR-100 (Table II)
_base_ = [
    '../_base_/derived/darts_cifar.py',
    '../_base_/datasets/cifar100_cutout.py',
    '../_base_/schedules/cifar_600e.py',
    '../_base_/default_runtime_retrain.py',
]
model = dict(head=dict(num_classes=100))

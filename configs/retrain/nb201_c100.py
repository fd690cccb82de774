# python tools/train.py configs/retrain/nb201_c100.py --genotype GENOTYPE --data-root DIR
# NAS-Bench-201's own training on CIFAR-100
_base_ = [
    '../_base_/derived/nb201.py',
    '../_base_/datasets/cifar100_crop.py',
    '../_base_/schedules/nb201_200e.py',
    '../_base_/default_runtime_retrain.py',
]
model = dict(head=dict(num_classes=100))

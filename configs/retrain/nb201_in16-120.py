# python tools/train.py configs/retrain/nb201_in16-120.py --genotype GENOTYPE --data-root DIR
# NAS-Bench-201's own training on ImageNet16-120
_base_ = [
    '../_base_/derived/nb201.py',
    '../_base_/datasets/imagenet16-120_crop.py',
    '../_base_/schedules/nb201_200e.py',
    '../_base_/default_runtime_retrain.py',
]
model = dict(head=dict(num_classes=120))

# python tools/train.py configs/retrain/darts_in1k-aug.py --genotype GENOTYPE --data-root DIR
# ImageNet (Aug): RandAugment instead of colour jitter, twice the epochs
_base_ = [
    '../_base_/derived/darts_imagenet.py',
    '../_base_/datasets/imagenet_randaugment.py',
    '../_base_/schedules/imagenet_250e.py',
    '../_base_/default_runtime_retrain.py',
]
train_cfg = dict(max_epochs=500)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(
        type='LinearLR',
        start_factor=490 / 495,
        end_factor=1 / 495,
        by_epoch=True,
        begin=5,
        end=495,
    ),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.2, by_epoch=True, begin=495, end=500),
]

# python tools/train.py configs/retrain/darts_in1k.py --genotype GENOTYPE --data-root DIR
# ImageNet, mobile setting (Tables III, IV); 8 processes of 128 images, see docs/training.md
_base_ = [
    '../_base_/derived/darts_imagenet.py',
    '../_base_/datasets/imagenet_mobile.py',
    '../_base_/schedules/imagenet_250e.py',
    '../_base_/default_runtime_retrain.py',
]

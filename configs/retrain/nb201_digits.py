# python tools/train.py configs/retrain/nb201_digits.py --genotype GENOTYPE
# A training that takes a minute, on the embedded digits
_base_ = [
    '../_base_/derived/nb201.py',
    '../_base_/datasets/digits_crop.py',
    '../_base_/schedules/nb201_200e.py',
    '../_base_/default_runtime_retrain.py',
]
model = dict(backbone=dict(channels=8, num_cells=1))
train_cfg = dict(max_epochs=10)

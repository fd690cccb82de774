# python tools/train.py configs/retrain/nb201_c10-mini.py --genotype GENOTYPE --data-root DIR
# The benchmark's training on a laptop: C 8, N 1, 10 epochs
_base_ = './nb201_c10-folder.py'
model = dict(backbone=dict(channels=8, num_cells=1, channels_last=True))
train_cfg = dict(max_epochs=10)

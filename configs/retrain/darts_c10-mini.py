# python tools/train.py configs/retrain/darts_c10-mini.py --genotype GENOTYPE --data-root DIR
# The recipe of CIFAR-10 on a laptop: an image folder, C 8, 8 cells, 10 epochs on every fifth image
_base_ = './darts_c10.py'
model = dict(backbone=dict(channels=8, num_cells=8, channels_last=True))
train_dataloader = dict(
    dataset=dict(
        type='ostrdet.ImageFolder',
        preload_size=32,
        channel_order='rgb',
        indices=range(0, 50000, 5),
    )
)
val_dataloader = dict(
    dataset=dict(type='ostrdet.ImageFolder', preload_size=32, channel_order='rgb')
)
train_cfg = dict(max_epochs=10)

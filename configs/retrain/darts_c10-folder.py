# python tools/train.py configs/retrain/darts_c10-folder.py --genotype GENOTYPE --data-root DIR
# CIFAR-10 as an image folder: DIR/{train,test}/<class>/*.jpg
_base_ = './darts_c10.py'
train_dataloader = dict(
    dataset=dict(type='ostrdet.ImageFolder', preload_size=32, channel_order='rgb')
)
val_dataloader = dict(
    dataset=dict(type='ostrdet.ImageFolder', preload_size=32, channel_order='rgb')
)

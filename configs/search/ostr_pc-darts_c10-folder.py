# python tools/search.py configs/search/ostr_pc-darts_c10-folder.py --data-root DIR
# CIFAR-10 as an image folder: DIR/train/<class>/*.jpg
_base_ = './ostr_pc-darts_c10.py'
data_preprocessor = dict(to_rgb=True)
train_dataloader = dict(dataset=dict(type='ImageFolder', preload_size=32))
val_dataloader = dict(dataset=dict(type='ImageFolder', preload_size=32))
default_hooks = dict(report=dict(train_config='configs/retrain/darts_c10-folder.py'))

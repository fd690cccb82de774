# python tools/search.py configs/search/ostr_nb201_c10-folder.py --data-root DIR --benchmark TABLE
# CIFAR-10 as an image folder: DIR/train/<class>/*.jpg
_base_ = './ostr_nb201_c10.py'
data_preprocessor = dict(to_rgb=True)
train_dataloader = dict(dataset=dict(type='ImageFolder', preload_size=32))
val_dataloader = dict(dataset=dict(type='ImageFolder', preload_size=32))
default_hooks = dict(report=dict(train_config='configs/retrain/nb201_c10-folder.py'))

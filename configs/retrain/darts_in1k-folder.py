# python tools/train.py configs/retrain/darts_in1k-folder.py --genotype GENOTYPE --data-root DIR
# The mobile setting on any images, DIR/{train,val}/<class>/*.jpg; set model.head.num_classes
_base_ = './darts_in1k.py'
# Photographs are turned as their EXIF says, which torchvision and so ImageNet's recipe do not
train_pipeline = [
    dict(type='ostrdet.LoadImage'),
    dict(type='RandomResizedCrop', scale=224, backend='pillow'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='ostrdet.LoadImage'),
    dict(type='ResizeEdge', scale=256, edge='short', backend='pillow'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]
train_dataloader = dict(dataset=dict(type='ostrdet.ImageFolder', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(type='ostrdet.ImageFolder', pipeline=test_pipeline))

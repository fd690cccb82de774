# python tools/train.py configs/retrain/darts_in1k-folder.py --genotype GENOTYPE --data-root DIR
# The mobile setting on any images, DIR/{train,val}/<class>/*.jpg; set model.head.num_classes
_base_ = './darts_in1k.py'
train_dataloader = dict(dataset=dict(type='ostrdet.ImageFolder'))
val_dataloader = dict(dataset=dict(type='ostrdet.ImageFolder'))

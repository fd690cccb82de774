_base_ = './cifar10_search.py'
data_preprocessor = dict(mean=[129.304, 124.07, 112.434], std=[68.17, 65.392, 70.418])
train_dataloader = dict(dataset=dict(type='CIFAR100', data_root='data/cifar100'))
val_dataloader = dict(dataset=dict(type='CIFAR100', data_root='data/cifar100'))

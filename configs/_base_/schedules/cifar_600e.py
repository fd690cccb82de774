# DARTS: retraining on CIFAR
train_cfg = dict(type='ostrdet.SeededTrainLoop', max_epochs=600, val_interval=1)
val_cfg = dict(type='ValLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.025, momentum=0.9, weight_decay=3e-4),
    clip_grad=dict(max_norm=5),
)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=96)

# The benchmark's own training
train_cfg = dict(type='ostrdet.SeededTrainLoop', max_epochs=200, val_interval=1)
val_cfg = dict(type='ValLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
)
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=256)

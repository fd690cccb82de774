# PC-DARTS: 5 epochs of warm-up, then a line that would reach 0 after the last epoch
train_cfg = dict(type='ostrdet.SeededTrainLoop', max_epochs=250, val_interval=1)
val_cfg = dict(type='ValLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.5, momentum=0.9, weight_decay=3e-5),
    clip_grad=dict(max_norm=5),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.0, by_epoch=True, begin=5, end=251),
]
auto_scale_lr = dict(enable=False, base_batch_size=1024)

# PC-DARTS: 5 epochs of warm-up, a line that would reach 0 at epoch 245, a flatter one for the last 5
train_cfg = dict(type='ostrdet.SeededTrainLoop', max_epochs=250, val_interval=1)
val_cfg = dict(type='ValLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.5, momentum=0.9, weight_decay=3e-5),
    clip_grad=dict(max_norm=5),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=True, begin=0, end=5),
    dict(
        type='LinearLR',
        start_factor=240 / 245,
        end_factor=1 / 245,
        by_epoch=True,
        begin=5,
        end=245,
    ),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.2, by_epoch=True, begin=245, end=250),
]
auto_scale_lr = dict(enable=False, base_batch_size=1024)

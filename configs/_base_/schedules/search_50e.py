# DARTS: SGD on the weights, Adam on alpha, cosine on the weights alone
train_cfg = dict(type='BilevelTrainLoop', max_epochs=50, portions=(0.5, 0.5), arch_start_epoch=0)
val_cfg = dict(type='ArchHalfValLoop')
optim_wrapper = dict(
    constructor='BilevelOptimWrapperConstructor',
    weights=dict(
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=0.025, momentum=0.9, weight_decay=3e-4),
        clip_grad=dict(max_norm=5),
    ),
    arch=dict(
        type='OptimWrapper',
        optimizer=dict(type='Adam', lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3),
    ),
)
param_scheduler = dict(
    weights=[dict(type='CosineAnnealingLR', eta_min=0.001, by_epoch=True)],
    arch=[],
)

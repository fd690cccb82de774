# UnNAS: two epochs on ImageNet, alpha from the second on
_base_ = './search_50e.py'
train_cfg = dict(max_epochs=2, arch_start_epoch=1)
optim_wrapper = dict(
    weights=dict(optimizer=dict(lr=0.05, weight_decay=3e-5)),
    arch=dict(optimizer=dict(lr=1.5e-4)),
)
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True)])

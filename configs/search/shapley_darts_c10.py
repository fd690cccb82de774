# python tools/search.py configs/search/shapley_darts_c10.py --data-root DIR
# Shapley-NAS: alpha moves by what operations contribute together, and never by gradients; the pools have norms
_base_ = './ostr_darts-s5_c10.py'
model = dict(supernet=dict(mixed_op=dict(type='PartialChannelMixedOp', k=4)))
train_dataloader = dict(batch_size=256)
train_cfg = dict(arch_start_epoch=50)  # alpha has no gradient step
optim_wrapper = dict(weights=dict(optimizer=dict(lr=0.1)))
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True)])
default_hooks = dict(
    selector=dict(criterion=dict(type='Shapley', when='epoch', first=25), compare=['Magnitude'])
)

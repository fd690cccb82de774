# python tools/search.py configs/search/dropnas_darts_c10.py --data-root DIR
# DropNAS: candidates are dropped by groups, on one level; what is dropped does not decay; magnitude decides
_base_ = './ostr_darts_c10.py'
model = dict(
    supernet=dict(num_cells=14),
    weighting=dict(type='GroupDropWeighting', rate=3e-5),
    regularizers=[dict(type='AlphaDecay', weight=2e-3)],
)
train_dataloader = dict(batch_size=96)
train_cfg = dict(max_epochs=76, portions=(1.0,))
optim_wrapper = dict(
    weights=dict(optimizer=dict(lr=0.0375, weight_decay=6e-4), clip_grad=dict(max_norm=3)),
    arch=dict(optimizer=dict(weight_decay=0.0)),
)
param_scheduler = dict(weights=[dict(type='CosineAnnealingLR', eta_min=0.0015, by_epoch=True)])
model_wrapper_cfg = dict(find_unused_parameters=True)  # what is dropped has no gradient
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

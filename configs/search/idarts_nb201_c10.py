# python tools/search.py configs/search/idarts_nb201_c10.py --data-root DIR --benchmark TABLE
# iDARTS: alpha moves every fourth iteration, by the implicit gradient with three terms; the magnitude decides
_base_ = './ostr_nb201_c10.py'
model = dict(arch_update=dict(type='ImplicitUpdate', terms=3))
train_cfg = dict(max_epochs=30, arch_interval=4)
optim_wrapper = dict(weights=dict(optimizer=dict(lr=0.01, weight_decay=5e-4, nesterov=True)))
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

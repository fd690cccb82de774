# python tools/search.py configs/search/drnas_nb201_c10.py --data-root DIR --benchmark TABLE
# DrNAS: the mix is drawn from a Dirichlet distribution; the magnitude decides
_base_ = './ostr_nb201_c10.py'
model = dict(
    weighting=dict(type='DirichletWeighting'),
    regularizers=[dict(type='DirichletKL', weight=1e-3)],
)
optim_wrapper = dict(arch=dict(optimizer=dict(weight_decay=0.0)))  # in its place stands the KL
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

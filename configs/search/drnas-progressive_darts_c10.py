# python tools/search.py configs/search/drnas-progressive_darts_c10.py --data-root DIR
# DrNAS in two stages: 1/6, then 1/4 of the channels among 7, then 4 candidates; all else goes on
_base_ = './drnas_darts_c10.py'
ops = [
    *('max_pool_3x3', 'avg_pool_3x3', 'skip_connect', 'sep_conv_3x3'),
    *('sep_conv_5x5', 'dil_conv_3x3', 'dil_conv_5x5'),
]
model = dict(supernet=dict(space=dict(ops=ops, unselectable=[])))
train_cfg = dict(max_epochs=25)
cosine = dict(type='PartOfCosineLR', T_max=50, start=0, eta_min=0.0, by_epoch=True)
param_scheduler = dict(weights=[cosine])
stages = [
    {},
    {
        'keep': 4,
        'carry': True,
        'model.supernet.mixed_op.k': 4,
        'param_scheduler.weights.0.start': 25,
    },
]

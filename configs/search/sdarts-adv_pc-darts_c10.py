# python tools/search.py configs/search/sdarts-adv_pc-darts_c10.py --data-root DIR
# SDARTS-ADV: the weights learn under the worst mix within an ever larger distance; the magnitude decides
_base_ = './ostr_pc-darts_c10.py'
model = dict(
    perturbation=dict(
        type='AdversarialSmoothing', epsilon=dict(type='Linear', start=0.03, end=0.3)
    ),
)
default_hooks = dict(selector=dict(criterion=dict(type='Magnitude')))

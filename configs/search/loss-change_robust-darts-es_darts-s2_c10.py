# python tools/search.py configs/search/loss-change_robust-darts-es_darts-s2_c10.py --data-root DIR
# DARTS-ES, and the measured change of the loss decides, as the strengths of two operations are equal
_base_ = './loss-change_darts-s2_c10.py'
model = dict(arch_update=dict(type='UnrolledUpdate'))
default_hooks = dict(selector=dict(stop=[dict(type='CurvatureRise')]))

# python tools/search.py configs/search/ostr_robust-darts-es_darts-s5_c10.py --data-root DIR
# DARTS-ES, and operation strength decides; in S5, as S1, S2 and S4 have edges of two operations, whose strengths are equal
_base_ = './ostr_darts-s5_c10.py'
model = dict(arch_update=dict(type='UnrolledUpdate'))
default_hooks = dict(selector=dict(stop=[dict(type='CurvatureRise')]))

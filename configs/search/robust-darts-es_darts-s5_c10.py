# python tools/search.py configs/search/robust-darts-es_darts-s5_c10.py --data-root DIR
# DARTS-ES of RobustDARTS: second order, and the cell from before the validation loss turned sharp; the magnitude decides
_base_ = './ostr_darts-s5_c10.py'
model = dict(arch_update=dict(type='UnrolledUpdate'))
default_hooks = dict(
    selector=dict(
        criterion=dict(type='Magnitude', _delete_=True), stop=[dict(type='CurvatureRise')]
    )
)

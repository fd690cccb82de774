# python tools/search.py configs/search/ostr_gdas_darts_c10.py --data-root DIR
# GDAS, and operation strength from a pass with all operations in every tenth iteration
_base_ = './gdas_darts_c10.py'
default_hooks = dict(
    selector=dict(
        criterion=dict(type='OperationStrength'),
        probe=10,
        compare=['OperationStrengthStar', 'PruningSaliency', 'AlphaSaliency', 'Magnitude'],
    )
)

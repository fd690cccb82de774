# python tools/search.py configs/search/ostr_fair-darts_darts_c10.py --data-root DIR
# FairDARTS, and operation strength keeps two edges of every node
_base_ = './fair-darts_darts_c10.py'
default_hooks = dict(
    selector=dict(
        criterion=dict(type='OperationStrength'),
        derivation=dict(type='TopEdges', max_edges=2, _delete_=True),
    )
)

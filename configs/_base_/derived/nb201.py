model = dict(
    type='ostrdet.DerivedImageClassifier',
    backbone=dict(
        type='ostrdet.DerivedCellBackbone',
        space=dict(type='NASBench201Space'),
        genotype='ostr_nb201',
        stem='CIFARStem',
        channels=16,
        num_cells=5,
    ),
    head=dict(
        type='ostrdet.AuxiliaryClsHead',
        num_classes=10,
        aux=None,
        loss=dict(type='CrossEntropyLoss'),
    ),
)

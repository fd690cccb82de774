# The mobile setting: at most 600 million multiply-adds at 224x224
model = dict(
    type='ostrdet.DerivedImageClassifier',
    backbone=dict(
        type='ostrdet.DerivedCellBackbone',
        space=dict(type='DARTSSpace'),
        genotype='darts_v2',
        stem='ImageNetStem',
        channels=48,
        num_cells=14,
        drop_path_prob=0.0,
    ),
    head=dict(
        type='ostrdet.AuxiliaryClsHead',
        num_classes=1000,
        aux=dict(pool_stride=2, last_norm=False),
        aux_weight=0.4,
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
    ),
)

# python tools/search.py configs/search/rlnas_nb201_digits.py
# RLNAS: random labels, uniform single paths; evolution by the angle that weights have turned
_base_ = './uniform_nb201_digits.py'
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='PadCropFlip', padding=2, flip_prob=0.0),
            dict(type='RandomLabels', num_labels=10),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[dict(type='RandomLabels', num_labels=10), dict(type='mmpretrain.PackInputs')]
    )
)
default_hooks = dict(selector=dict(criterion=dict(type='AngleEvolution')))

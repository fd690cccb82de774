"""The settings of every config of a search, as the papers have them."""

from typing import Any

#: The settings of the paper's experiments.
DARTS = {
    'space': 'DARTSSpace',
    'channels': 16,
    'num_cells': 8,
    'num_classes': 10,
    'stem': 'CIFARStem',
    'k': None,
    'mixed_op': 'MixedOp',
    'weighting': 'SoftmaxWeighting',
    'regularizers': [],
    'perturbation': None,
    'edge_norm': False,
    'update': 'FirstOrderUpdate',
    'criterion': 'OperationStrength',
    'patience': None,
    'data': 'CIFAR10',
    'batch': 64,
    'portions': (0.5, 0.5),
    'epochs': 50,
    'arch_start_epoch': 0,
    'lr': 0.025,
    'eta_min': 0.001,
    'warm_up': 0,
    'span': None,
    'momentum': 0.9,
    'weight_decay': 3e-4,
    'clip': 5,
    'arch_lr': 3e-4,
    'arch_betas': (0.5, 0.999),
    'arch_weight_decay': 1e-3,
    'arch_clip': None,
}
NB201 = {**DARTS, 'space': 'NASBench201Space', 'num_cells': 5, 'epochs': 100}
NB201_C100 = {**NB201, 'data': 'CIFAR100', 'num_classes': 100}
NB201_IN16 = {**NB201, 'data': 'ImageNet16', 'num_classes': 120}
DIGITS = {**NB201, 'data': 'Digits', 'channels': 8, 'num_cells': 1, 'epochs': 10}
PROXY = {
    **NB201,
    'data': 'ImageFolder',
    'channels': 8,
    'num_cells': 1,
    'portions': (0.128, 0.128),  # 6,400 + 6,400 of 50,000 images
    'epochs': 20,
}
DEEP = {**PROXY, 'num_cells': 5, 'batch': 16, 'epochs': 9}
PARTIAL = {'mixed_op': 'PartialChannelMixedOp', 'edge_norm': True}
PC_DARTS = {
    **DARTS,
    **PARTIAL,
    'k': 4,
    'batch': 256,
    'arch_start_epoch': 15,
    'lr': 0.1,
    'eta_min': 0.0,
    'arch_lr': 6e-4,
}
#: PC-DARTS' search on ImageNet, but for its partial channels and edge weights.
IMAGENET = {
    **DARTS,
    'data': 'ImageNet',
    'num_classes': 1000,
    'stem': 'ImageNetSearchStem',
    'batch': 1024,
    'portions': (0.1, 0.025),
    'arch_start_epoch': 35,
    'lr': 0.5,
    'eta_min': 0.0,
    'warm_up': 5,
    'arch_lr': 6e-3,
    'arch_clip': 5,
}
SECOND = {'update': 'UnrolledUpdate'}
MAGNITUDE = {'criterion': 'Magnitude'}
PATIENCE = {'patience': 12}
STAR = {'criterion': 'OperationStrengthStar'}
NAIVE = {'criterion': 'PruningSaliency'}
SETTINGS: dict[str, dict[str, Any]] = {
    'ostr_darts_c10': DARTS,
    'ostr_darts_c10-folder': {**DARTS, 'data': 'ImageFolder'},
    'ostr_darts_c100': {**DARTS, 'data': 'CIFAR100', 'num_classes': 100},
    'ostr_darts_2nd_c10': {**DARTS, **SECOND},
    'ostr-star_darts_c10': {**DARTS, **STAR},
    'pruning-saliency_darts_c10': {**DARTS, **NAIVE},
    'magnitude_darts_c10': {**DARTS, **MAGNITUDE},
    'magnitude_darts_2nd_c10': {**DARTS, **SECOND, **MAGNITUDE},
    'ostr_pc-darts_c10': PC_DARTS,
    'ostr_pc-darts_c10-folder': {**PC_DARTS, 'data': 'ImageFolder'},
    'magnitude_pc-darts_c10': {**PC_DARTS, **MAGNITUDE},
    'ostr_darts_in1k': IMAGENET,
    'ostr_pc-darts_in1k': {**IMAGENET, **PARTIAL, 'k': 2},
    'ostr_nb201_c10': NB201,
    'ostr_nb201_c10-folder': {**NB201, 'data': 'ImageFolder'},
    'ostr_nb201_c10-patience': {**NB201, **PATIENCE},
    'ostr_nb201_c100': NB201_C100,
    'ostr_nb201_c100-patience': {**NB201_C100, **PATIENCE},
    'ostr_nb201_in16-120': NB201_IN16,
    'ostr_nb201_in16-120-patience': {**NB201_IN16, **PATIENCE},
    'ostr_nb201_2nd_c10': {**NB201, **SECOND},
    'ostr-star_nb201_c10': {**NB201, **STAR},
    'pruning-saliency_nb201_c10': {**NB201, **NAIVE},
    'magnitude_nb201_c10': {**NB201, **MAGNITUDE},
    'ostr_nb201_c10-proxy': PROXY,
    'ostr_nb201_c10-deep': DEEP,
    'ostr_pc-nb201_c10-deep': {**DEEP, **PARTIAL, 'k': 4},
    'ostr_nb201_digits': DIGITS,
    'naswot_nb201_c10': NB201,  # what it inherits; nothing is trained
    'naswot_nb201_digits': DIGITS,
    'ostr_nb201_2nd_digits': {**DIGITS, **SECOND},
    'ostr_two-stages_nb201_digits': {**DIGITS, 'epochs': 5},
}
#: What a method changes in every space.
METHODS: dict[str, dict[str, Any]] = {
    'beta-darts': {'regularizers': ['BetaDecay']},
    'darts-minus': {'mixed_op': 'AuxiliarySkipMixedOp'},
    'sdarts-rs': {'perturbation': 'RandomSmoothing'},
    'sdarts-adv': {'perturbation': 'AdversarialSmoothing'},
    'drnas': {
        'weighting': 'DirichletWeighting',
        'regularizers': ['DirichletKL'],
        'arch_weight_decay': 0.0,
    },
    'gdas': {'weighting': 'GumbelWeighting'},
    'snas': {'weighting': 'GumbelWeighting'},
    'dsnas': {'weighting': 'CategoricalWeighting', 'portions': (1.0,)},
}
#: In the DARTS space; here some have sizes and rates of their own.
IN_DARTS: dict[str, dict[str, Any]] = {
    **{name: {} for name in ('beta-darts', 'darts-minus', 'sdarts-rs', 'sdarts-adv', 'gdas')},
    'drnas': {
        'mixed_op': 'PartialChannelMixedOp',
        'k': 6,
        'channels': 36,
        'num_cells': 20,
        'arch_start_epoch': 10,
        'lr': 0.1,
        'eta_min': 0.0,
        'arch_lr': 6e-4,
    },
    'snas': {'portions': (1.0,), 'epochs': 150, 'arch_clip': 10},
}
FAIR_DARTS = {
    **DARTS,
    'space': 'SparseDARTSSpace',
    'weighting': 'SigmoidWeighting',
    'regularizers': ['ZeroOne'],
    'batch': 128,
    'lr': 0.005,
    'arch_lr': 3e-3,
    'arch_betas': (0.9, 0.999),
}
SETTINGS['fair-darts_darts_c10'] = {**FAIR_DARTS, **MAGNITUDE}
SETTINGS['ostr_fair-darts_darts_c10'] = FAIR_DARTS
SETTINGS['fair-darts_darts_digits'] = {
    **FAIR_DARTS,
    **MAGNITUDE,
    'data': 'Digits',
    'channels': 4,
    'num_cells': 3,
    'epochs': 6,
    'batch': 64,
    'lr': 0.025,
    'arch_lr': 0.05,
}
LOSS_CHANGE = {'criterion': 'LossChange'}
for number in range(1, 6):
    found = {} if number in (3, 5) else LOSS_CHANGE
    name = 'loss-change' if found else 'ostr'
    SETTINGS[f'{name}_darts-s{number}_c10'] = {**DARTS, **found}
    SETTINGS[f'magnitude_darts-s{number}_c10'] = {**DARTS, **MAGNITUDE}
for method, changes in METHODS.items():
    SETTINGS[f'{method}_nb201_c10'] = {**NB201, **changes, **MAGNITUDE}
    SETTINGS[f'ostr_{method}_nb201_c10'] = {**NB201, **changes}
    SETTINGS[f'{method}_nb201_digits'] = {**DIGITS, **changes, **MAGNITUDE}
RESTING = {'uniform': 'RandomSearch', 'spos': 'Evolution', 'rlnas': 'AngleEvolution'}
for method, criterion in {**RESTING, 'setn': 'MostProbable'}.items():
    one_path = {'perturbation': 'UniformPath', 'criterion': criterion}
    rests = method in RESTING
    SETTINGS[f'{method}_nb201_digits'] = {
        **DIGITS,
        **one_path,
        'arch_start_epoch': 10 if rests else 0,
    }
    SETTINGS[f'{method}_nb201_c10'] = {
        **NB201,
        **one_path,
        'epochs': 250,
        'arch_start_epoch': 250 if rests else 0,
        'weight_decay': 5e-4,
    }
SETTINGS['tnas_nb201_digits'] = {**DIGITS, 'criterion': 'TreeSearch'}
for method, sizes in IN_DARTS.items():
    SETTINGS[f'{method}_darts_c10'] = {**DARTS, **METHODS[method], **sizes, **MAGNITUDE}
    SETTINGS[f'ostr_{method}_darts_c10'] = {**DARTS, **METHODS[method], **sizes}
for method in ('sdarts-rs', 'sdarts-adv'):
    SETTINGS[f'{method}_pc-darts_c10'] = {**PC_DARTS, **METHODS[method], **MAGNITUDE}
    SETTINGS[f'ostr_{method}_pc-darts_c10'] = {**PC_DARTS, **METHODS[method]}
IMPLICIT = {'update': 'ImplicitUpdate'}
IDARTS = {**NB201, **IMPLICIT, 'epochs': 30, 'lr': 0.01, 'weight_decay': 5e-4}
SETTINGS['idarts_nb201_c10'] = {**IDARTS, **MAGNITUDE}
SETTINGS['ostr_idarts_nb201_c10'] = IDARTS
SETTINGS['idarts_nb201_digits'] = {**DIGITS, **IMPLICIT, **MAGNITUDE}
SETTINGS['darts-plus_darts_c10'] = {**DARTS, **MAGNITUDE}
SETTINGS['ostr_darts-plus_darts_c10'] = DARTS
ES = {**DARTS, **SECOND}
SETTINGS['ostr_robust-darts-es_darts-s5_c10'] = ES
SETTINGS['loss-change_robust-darts-es_darts-s2_c10'] = {**ES, **LOSS_CHANGE}
for number in (2, 4, 5):
    SETTINGS[f'robust-darts-es_darts-s{number}_c10'] = {**ES, **MAGNITUDE}
for method, criterion in (('drnas-progressive', MAGNITUDE), ('ostr_drnas-progressive', {})):
    sizes = {**IN_DARTS['drnas'], 'epochs': 25, 'span': 50}
    SETTINGS[f'{method}_darts_c10'] = {**DARTS, **METHODS['drnas'], **sizes, **criterion}
    sizes = {
        **PARTIAL,
        'edge_norm': False,
        'k': 4,
        'epochs': 50,
        'span': 100,
        'arch_start_epoch': 10,
    }
    SETTINGS[f'{method}_nb201_c10'] = {**NB201, **METHODS['drnas'], **sizes, **criterion}
DROPNAS = {
    **DARTS,
    'num_cells': 14,
    'weighting': 'GroupDropWeighting',
    'regularizers': ['AlphaDecay'],
    'portions': (1.0,),
    'batch': 96,
    'epochs': 76,
    'lr': 0.0375,
    'eta_min': 0.0015,
    'weight_decay': 6e-4,
    'clip': 3,
    'arch_weight_decay': 0.0,
}
SETTINGS['dropnas_darts_c10'] = {**DROPNAS, **MAGNITUDE}
SETTINGS['ostr_dropnas_darts_c10'] = DROPNAS
#: The DARTS space on the digits.
SMALL = {'data': 'Digits', 'channels': 4, 'num_cells': 3, 'batch': 64, 'arch_lr': 0.01, **MAGNITUDE}
SETTINGS['dropnas_darts_digits'] = {**DROPNAS, **SMALL, 'portions': (0.25,), 'epochs': 6}
P_DARTS = {
    **DARTS,
    'mixed_op': 'SkipDropoutMixedOp',
    'num_cells': 5,
    'batch': 96,
    'epochs': 25,
    'arch_start_epoch': 10,
    'eta_min': 0.0,
    'arch_lr': 6e-4,
    'arch_clip': 5,
}
SETTINGS['p-darts_darts_c10'] = {**P_DARTS, **MAGNITUDE}
SETTINGS['ostr_p-darts_darts_c10'] = P_DARTS
SETTINGS['p-darts_darts_digits'] = {
    **P_DARTS,
    **SMALL,
    'portions': (0.25, 0.25),
    'epochs': 3,
    'arch_start_epoch': 1,
}
DOTS = {**DARTS, 'weighting': 'GroupSoftmaxWeighting', 'epochs': 30, 'arch_start_epoch': 15}
SETTINGS['dots_darts_c10'] = {**DOTS, 'span': 70, **MAGNITUDE}
SETTINGS['ostr_dots_darts_c10'] = {**DOTS, 'span': 70}
SETTINGS['dots_darts_digits'] = {
    **DOTS,
    **SMALL,
    'portions': (0.25, 0.25),
    'epochs': 2,
    'arch_start_epoch': 1,
}
#: The supernet learns a task of four labels, whatever the classes of the images are.
ROTATION = {'num_classes': 4, **MAGNITUDE}
SETTINGS['unnas-rotation_darts_c10-folder'] = {
    **DARTS,
    **ROTATION,
    'data': 'ImageFolder',
    'channels': 8,
    'num_cells': 5,
    'epochs': 8,
}
UNNAS = {
    **DARTS,
    'data': 'ImageNet',
    'stem': 'ImageNetSearchStem',
    'batch': 32,
    'epochs': 2,
    'arch_start_epoch': 1,
    'lr': 0.05,
    'eta_min': 0.0,
    'weight_decay': 3e-5,
    'arch_lr': 1.5e-4,
}
SETTINGS['unnas-rotation_darts_in1k'] = {**UNNAS, **ROTATION}
SETTINGS['unnas-jigsaw_darts_in1k'] = {**UNNAS, **MAGNITUDE, 'num_classes': 1000}
SETTINGS['ostr_unnas-jigsaw_darts_in1k'] = {**UNNAS, 'num_classes': 1000}

"""Keys that nothing reads are refused in dicts without a type, too."""

import math
from typing import Any

import pytest

from ostrdet.settings.plain import check_plain
from ostrdet.settings.values import check_values

TRAINING: dict[str, Any] = {'train_dataloader': {}, 'train_cfg': {}}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    'paramwise_cfg.norm_decay': (
        {'optim_wrapper': {'paramwise_cfg': {'norm_decay': 0}}},
        "Did you mean 'norm_decay_mult'",
    ),
    'custom_keys.stem.lr': (
        {'optim_wrapper': {'paramwise_cfg': {'custom_keys': {'stem': {'lr': 1}}}}},
        'Known: decay_mult, lr_mult',
    ),
    'clip_grad.max_nrom': ({'optim_wrapper': {'clip_grad': {'max_nrom': 5}}}, "'max_norm'"),
    'clip_grad.clip_value': (
        {'optim_wrapper': {'clip_grad': {'max_norm': 5, 'clip_value': 1}}},
        'Known: error_if_nonfinite, foreach, max_norm, norm_type',
    ),
    'weights.clip_grad.norm': (
        {'optim_wrapper': {'weights': {'clip_grad': {'norm': 5}}}},
        "Did you mean 'max_norm'",
    ),
    'backbone.stem.lr_mul': (
        {'optim_wrapper': {'paramwise_cfg': {'custom_keys': {'backbone.stem': {'lr_mul': 1}}}}},
        "Did you mean 'lr_mult'",
    ),
    'randomness.sede': ({'randomness': {'sede': 1}}, "Did you mean 'seed'"),
    'auto_scale_lr.enabled': ({'auto_scale_lr': {'enabled': True}}, "Did you mean 'enable'"),
    'env_cfg.cudnn_benchmrk': ({'env_cfg': {'cudnn_benchmrk': True}}, "'cudnn_benchmark'"),
    'mp_cfg.start_method': ({'env_cfg': {'mp_cfg': {'start_method': 'fork'}}}, "'mp_start_method'"),
    'compile.modes': ({'compile': {'modes': 'x'}}, "Did you mean 'mode'"),
}


@pytest.mark.parametrize('key', BAD)
def test_a_key_that_nothing_reads(key: str) -> None:
    cfg, offered = BAD[key]
    with pytest.raises(TypeError, match=f"{key}'.* has no key .*{offered}"):
        check_plain(cfg)


def test_known_keys_pass_and_those_of_another_constructor() -> None:
    check_plain(
        {
            'optim_wrapper': {
                'clip_grad': {'type': 'value', 'clip_value': 1.0},
                'paramwise_cfg': {
                    'norm_decay_mult': 0.0,
                    'custom_keys': {'backbone.stem': {'lr_mult': 0.1, 'decay_mult': 0}},
                },
            },
            'randomness': {'seed': 0, 'deterministic': True},
            'compile': {'mode': 'default'},
            'log_processor': {'type': 'LogProcessor', 'window_size': 50, '_scope_': 'mmdet'},
            'model': {'compile': {'anything': 1}},
        }
    )
    layers = {'constructor': 'LearningRateDecayOptimWrapperConstructor'}
    check_plain({'optim_wrapper': {**layers, 'paramwise_cfg': {'decay_rate': 0.9}}})


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        (
            {'model': {'type': 'X', 'backbone': {'type': 'Y', 'init_cfg': 'no'}}},
            r"model\.backbone\.init_cfg='no', expected None, or a dict",
        ),
        (
            {'val_dataloader': {'timeout': 5, 'num_workers': 0}},
            r'val_dataloader\.timeout=5, expected 0 with num_workers=0',
        ),
        (
            {'param_scheduler': [{'type': 'LinearLR', 'start_factor': 0}]},
            r'param_scheduler\.0\.start_factor=0, expected a number in \(0, 1\]',
        ),
        (
            {'custom_hooks': [{'type': 'EmptyCacheHook', 'priority': 'HIGHER'}]},
            r"custom_hooks\.0\.priority='HIGHER', expected 0 to 100, or one of HIGHEST",
        ),
        (
            {**TRAINING, 'optim_wrapper': {}, 'train_cfg': {'max_epochs': 10**26}},
            r'train_cfg\.max_epochs=1.*0, expected an integer, at least 1',
        ),
        *(
            (
                {'param_scheduler': [{'type': 'X', key: value}]},
                rf'\.0\.{key}={value!r}, expected {good}',
            )
            for key, value, good in (
                ('step_size', 'a', 'an integer, at least 1'),
                ('milestones', 'a', 'a list of integers'),
                ('gamma', math.nan, 'a number'),
                ('by_epoch', 'no', 'True or False'),
            )
        ),
        (
            {'param_scheduler': [{'T_max': 5}]},
            r"param_scheduler\.0=.*, expected a dict with .* 'type'",
        ),
        (
            {'optim_wrapper': {'optimizer': {}}, **TRAINING},
            r'optim_wrapper\.optimizer=\{\}, expected',
        ),
        *(
            (
                {'optim_wrapper': {'optimizer': {'type': 'SGD'}, key: value}, **TRAINING},
                rf'optim_wrapper\.{key}\..*, expected {good}',
            )
            for key, value, good in (
                ('clip_grad', {'norm_type': 'x'}, 'a number above 0, or inf'),
                ('clip_grad', {'type': 'value', 'clip_value': -1}, 'a number above 0'),
                ('optimizer', {'type': 'SparseAdam'}, 'an optimizer of dense gradients'),
                ('optimizer', {'type': 'LBFGS'}, 'an optimizer of dense gradients'),
                ('optimizer', {'type': 'SGD', 'momentum': 5}, r'a number in \[0, 1\)'),
                ('optimizer', {'type': 'SGD', 'lr': 10**400}, 'a number, at least 0'),
            )
        ),
        ({'model': {'type': 'X', 'backbone': None}}, r'model\.backbone=None, expected a dict'),
        ({'val_evaluator': {'topk': 0}}, r'val_evaluator\.topk=0, expected an integer, at least 1'),
        ({'resume': 'run/epoch_1.pth'}, "resume='run/epoch_1.pth', expected True or False"),
        ({'launcher': 'slrum'}, "launcher='slrum', expected one of none, pytorch, slurm, mpi"),
        (
            {'custom_hooks': [{'type': 'VisualizationHook', 'interval': 0}]},
            r'custom_hooks\.0\.interval=0, expected a number of epochs or iterations, at least 1',
        ),
        ({'custom_hooks': {'type': 'X'}}, 'custom_hooks=.*, expected a list of dicts'),
        (
            {'val_dataloader': {'num_workers': 1000000}},
            r'val_dataloader\.num_workers=1000000, expected an integer, at least 0 and at most 1024',
        ),
        (
            {'val_dataloader': {'num_batch_per_epoch': 0}},
            r'val_dataloader\.num_batch_per_epoch=0, expected an integer, at least 1, or None',
        ),
        (
            {'model': {'type': 'X', 'backbone': {'type': 'Y', 'genotype': 5}}},
            r'model\.backbone\.genotype=5, expected a published name, a file',
        ),
        (
            {'val_dataloader': {'worker_init_fn': 'lambda worker: None'}},
            r"val_dataloader\.worker_init_fn='lambda worker: None', expected None, or a dict",
        ),
        (
            {'val_dataloader': {'collate_fn': 'stack'}},
            r"val_dataloader\.collate_fn='stack', expected None, or a dict with the key 'type'",
        ),
        (
            {'val_dataloader': {'sampler': {'shuffle': True}}},
            r"val_dataloader\.sampler=\{'shuffle': True\}, expected None, or a dict with the key",
        ),
        ({'env_cfg': {'resource_limit': 'abc'}}, r"env_cfg\.resource_limit='abc', expected an int"),
        (
            {'env_cfg': {'mp_cfg': {'opencv_num_threads': 'x'}}},
            r"env_cfg\.mp_cfg\.opencv_num_threads='x', expected an integer, at least 0",
        ),
        ({'sync_bn': 'abc'}, "sync_bn='abc', expected None, 'torch' or 'mmcv'"),
        (
            {'auto_scale_lr': {'enable': True, 'base_batch_size': 0}},
            r'auto_scale_lr\.base_batch_size=0, expected an integer, at least 1',
        ),
    ],
)
def test_values(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_values({'model': {'type': 'X'}, **overrides})


def test_gradients_are_clipped_by_norm_or_value() -> None:
    with pytest.raises(TypeError, match=r"clip_grad\.type='foo', expected one of norm, value"):
        check_plain({'optim_wrapper': {'clip_grad': {'type': 'foo', 'max_norm': 1}}})

"""What the check of a config lets pass; what it refuses is in ``test_search_bad_input.py``."""

from typing import Any

import pytest

from ostrdet.settings.components import check_config

GOOD: dict[str, dict[str, Any]] = {
    'helper variables': {'my_helper': {'type': 'Whatever', 'of': ['mine']}, 'width': 3},
    'arguments of a base class': {'train_dataloader.dataset.serialize_data': False},
    'hooks of mmengine': {
        'default_hooks.checkpoint.save_best': 'accuracy/top1',
        'custom_hooks': [{'type': 'EmptyCacheHook', 'after_epoch': True, 'priority': 'LOW'}],
    },
    'a prefix': {
        'model.type': 'ostrdet.BilevelSearcher',
        'model.weighting.type': 'SoftmaxWeighting',
    },
    'clipping by value': {
        'optim_wrapper.weights.clip_grad': {
            '_delete_': True,
            'type': 'value',
            'clip_value': 1.0,
        },
    },
    'clipping by value, with one optimizer': {
        'optim_wrapper': {
            '_delete_': True,
            'type': 'OptimWrapper',
            'optimizer': {'type': 'SGD', 'lr': 0.1},
            'clip_grad': {'type': 'value', 'clip_value': 1.0},
        },
        'param_scheduler': None,
    },
    'a normalisation': {'model.supernet.norm_cfg': {'type': 'BN', 'affine': True, 'momentum': 0.1}},
    'a transform in a transform': {
        'train_dataloader.dataset.pipeline': [
            {
                'type': 'mmpretrain.RandomApply',
                'transforms': [{'type': 'mmpretrain.Invert', 'prob': 1.0}],
            },
            {'type': 'mmpretrain.PackInputs'},
        ]
    },
    'several metrics': {'val_evaluator': [{'type': 'mmpretrain.Accuracy', 'topk': (1, 5)}]},
    'schedulers of both': {'param_scheduler.arch': [{'type': 'ConstantLR', 'factor': 0.5}]},
    'no schedulers': {'param_scheduler': None},
    'no validation': dict.fromkeys(('val_cfg', 'val_dataloader', 'val_evaluator')),
    'settings of single parameters': {'optim_wrapper.paramwise_cfg': {'norm_decay_mult': 0.0}},
}


@pytest.mark.parametrize('case', GOOD)
def test_what_mmengine_takes_passes(tiny_config: Any, case: str) -> None:
    check_config(tiny_config(GOOD[case]).to_dict())


@pytest.mark.parametrize(
    ('override', 'message'),
    [
        ({'model.supernet.norm_cfg': {'type': 'BatchNorn'}}, r"'model\.supernet\.norm_cfg\.type'"),
        (
            {'custom_hooks': [{'type': 'EmptyCacheHook'}, {'type': 'SelectHook'}]},
            r"'custom_hooks\.1\.type': unknown hook 'SelectHook'\. Did you mean 'SelectorHook'\?",
        ),
        (
            {'val_evaluator': {'type': 'mmpretrain.Acuracy'}},
            r"'val_evaluator\.type': unknown metric 'mmpretrain\.Acuracy'",
        ),
        (
            {'train_dataloader.worker_init_fn': {'type': 'worker_init'}},
            r"'train_dataloader\.worker_init_fn\.type': unknown function 'worker_init'",
        ),
        (
            {'model_wrapper_cfg': {'type': 'MMSeparateDDP'}},
            r"'model_wrapper_cfg\.type'",
        ),
    ],
)
def test_unknown_types_in_out_of_the_way_places(
    tiny_config: Any, override: dict[str, Any], message: str
) -> None:
    with pytest.raises(KeyError, match=message):
        check_config(tiny_config(override).to_dict())


def test_the_key_of_the_log_processor_is_named(tiny_config: Any) -> None:
    with pytest.raises(
        TypeError, match=r"'log_processor\.windowsize': .* Did you mean 'window_size'"
    ):
        check_config(tiny_config({'log_processor': {'windowsize': 5}}).to_dict())

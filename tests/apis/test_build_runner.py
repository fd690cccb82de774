"""What the model is wrapped in where there are several processes."""

from typing import Any

import pytest
import torch
from mmengine.config import Config

from ostrdet.apis import build_runner

VARIABLES = {'RANK': '0', 'WORLD_SIZE': '1', 'LOCAL_RANK': '0', 'MASTER_PORT': '0'}
SEPARATE = {'type': 'MMSeparateDistributedDataParallel'}
UNUSED = {'find_unused_parameters': True}
NO_DEVICE = {'device_ids': None}


@pytest.mark.parametrize(
    ('given', 'devices', 'expected'),
    [
        ({}, 0, NO_DEVICE),
        ({}, 1, None),
        (UNUSED, 0, {**UNUSED, **NO_DEVICE}),
        (UNUSED, 1, None),  # mmengine reads it, and its wrapper differs in more
        ({'model_wrapper_cfg': UNUSED}, 1, UNUSED),
        ({'model_wrapper_cfg': SEPARATE}, 0, {**SEPARATE, **NO_DEVICE}),
        ({'model_wrapper_cfg': SEPARATE, **UNUSED}, 1, {**SEPARATE, **UNUSED}),
        ({'model_wrapper_cfg': {'find_unused_parameters': False}, **UNUSED}, 1, {'find_unused_parameters': False}),
    ],
)  # fmt: skip
def test_unused_parameters_are_found_if_asked_for_at_either_place(
    given: dict[str, Any], devices: int, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: devices)
    monkeypatch.setattr(build_runner, 'is_distributed', lambda: True)
    cfg = Config({'launcher': 'pytorch', **given})
    build_runner.start_processes(cfg)
    assert cfg.get('model_wrapper_cfg') == expected


def test_one_process_is_not_wrapped() -> None:
    cfg = Config({'launcher': 'none', **UNUSED})
    build_runner.start_processes(cfg)
    assert 'model_wrapper_cfg' not in cfg

"""The time that a search will take: passes of an iteration, and what the stages after it need."""

import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ostrdet.apis.build_runner import build_runner
from ostrdet.engine.hooks import eta
from ostrdet.engine.hooks.search_console import SearchConsoleHook
from ostrdet.settings.stages import stage_configs


def stages(tiny_config: Any, **second: Any) -> Any:
    return tiny_config({'stages': [{}, {'keep': 3, **second}]})


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the networks that were timed; an image takes a second."""
    asked: list[int] = []

    def timed(searcher: Any, image: Any, size: int) -> float:
        asked.append(sum(weight.numel() for weight in searcher.parameters()))
        return float(size)

    monkeypatch.setattr(eta, '_seconds_of_pass', timed)
    return asked


@pytest.mark.parametrize(
    ('train', 'passes'),
    [
        ({'max_epochs': 50}, 3.0),
        ({'max_epochs': 50, 'arch_start_epoch': 15}, 1 + 2 * 0.7),
        ({'max_epochs': 50, 'arch_interval': 4}, 1.5),
        ({'max_epochs': 5, 'arch_start_epoch': 5}, 1.0),
        ({'max_epochs': 50, 'portions': (1.0,)}, 1.0),
    ],
)
def test_passes_of_an_iteration(train: dict[str, Any], passes: float) -> None:
    searcher = SimpleNamespace(arch_update=SimpleNamespace(num_passes=2))
    assert eta._passes(searcher, train) == pytest.approx(passes)


def test_a_later_stage_takes_its_images_its_epochs_and_its_passes(
    tiny_config: Any, tmp_path: Any, seconds: list[int]
) -> None:
    second = {
        'train_cfg.max_epochs': 6,
        'train_cfg.portions': (0.025, 0.05),
        'train_dataloader.batch_size': 9,
        'train_cfg.arch_start_epoch': 3,
        'model.supernet.channels': 16,
    }
    cfg = stages(tiny_config, **second)
    cfg.work_dir = str(tmp_path)
    first, later = stage_configs(cfg)
    runner = build_runner(first)
    loader = runner.train_loop.dataloader
    assert eta.probe_seconds(runner) == loader.batch_size * 2
    found = eta.later_seconds(runner, [later])
    assert found == pytest.approx(len(loader) * loader.batch_size * 0.5 * 6 * 1.5)
    assert seconds[0] < seconds[-1]  # the wider network was timed


def test_no_generator_moves(tiny_config: Any, tmp_path: Any) -> None:
    cfg = stages(tiny_config)
    cfg.work_dir = str(tmp_path)
    first, later = stage_configs(cfg)
    runner = build_runner(first)
    assert len(runner.train_loop.dataloader) == 4
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1]
    assert eta.later_seconds(runner, [later]) > 0
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.array_equal(np.random.get_state()[1], before[2])


def test_the_time_of_all_stages_stands_beside_that_of_this_one() -> None:
    hook = SearchConsoleHook()
    assert hook.eta(0.5, 20) == '10 s'
    hook.later_iters = 100.0
    assert hook.eta(0.5, 20) == '10 s, of all stages 1 min 0 s'

"""Which number of threads is taken, and that finding it out leaves no trace."""

import random
from typing import Any

import numpy as np
import pytest
import torch

from ostrdet.apis.search import build_search
from ostrdet.apis.train import build_training
from ostrdet.engine import threads as module
from ostrdet.engine.threads import counts, fewest, seconds_by_threads, trial_pass


@pytest.mark.parametrize(
    ('most', 'tried'), [(1, [1]), (2, [1, 2]), (3, [1, 3]), (8, [1, 4, 8]), (64, [1, 32, 64])]
)
def test_one_half_and_all_are_tried(most: int, tried: list[int]) -> None:
    assert counts(most) == tried


@pytest.mark.parametrize(
    ('seconds', 'count'),
    [
        ({1: 4.0, 2: 2.0, 4: 1.0}, 4),
        ({1: 4.0, 2: 2.0, 4: 3.0}, 2),
        ({1: 1.0, 2: 2.0}, 1),
        ({1: 4.0, 2: 1.02, 4: 1.0}, 2),  # as fast, but for noise
        ({1: 1.04, 2: 1.0}, 2),
    ],
)
def test_the_fewest_threads_of_the_fastest_are_taken(seconds: dict[int, float], count: int) -> None:
    assert fewest(seconds) == count


def test_the_first_pass_counts_for_nothing_and_the_fastest_of_the_others_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    present, now, done = [0], [0.0], []
    slowness = iter([9.0, 9.0, 3.0, 2.0, 1.0, 4.0])  # of one thread and of two, in turn

    def compute() -> None:
        now[0] += next(slowness)
        done.append(present[0])

    monkeypatch.setattr(module, 'perf_counter', lambda: now[0])
    monkeypatch.setattr(torch, 'set_num_threads', lambda count: present.__setitem__(0, count))
    assert seconds_by_threads(compute, 2) == {1: 1.0, 2: 2.0}
    assert done == [1, 2] * 3


def trace(model: Any) -> list[Any]:
    state = [tensor.clone() for tensor in model.state_dict().values()]
    drawn = [torch.rand(1), torch.tensor(np.random.random()), torch.tensor(random.random())]
    return [*state, *drawn]


@pytest.mark.parametrize('kind', ['search', 'train'])
def test_a_trial_leaves_no_trace(request: Any, tmp_path: Any, kind: str) -> None:
    make = request.getfixturevalue({'search': 'tiny_config', 'train': 'tiny_training'}[kind])
    build: Any = {'search': build_search, 'train': build_training}[kind]
    runner = build(make(), work_dir=tmp_path)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.train_loop  # noqa: B018 - builds it
    found = []
    for with_trial in (False, True):
        torch.manual_seed(0)
        np.random.seed(0)
        random.seed(0)
        if with_trial:
            compute = trial_pass(runner)
            compute()
            compute()
        found.append(trace(runner.model))
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    assert all(weight.grad is None for weight in runner.model.parameters())

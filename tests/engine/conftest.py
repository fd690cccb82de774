"""What the tests of the engine share: tiny searches, and a hook that writes down what it sees."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.apis.search import search
from ostrdet.registry import HOOKS


class RecordHook(Hook):
    """Writes down, for every iteration, the samples of both batches, rates, and random numbers."""

    def __init__(self) -> None:
        self.iterations: list[dict[str, Any]] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        weights, arch = samples(data_batch[0]), samples(data_batch[-1])
        rates = {name: value for name, (value,) in runner.optim_wrapper.get_lr().items()}
        drawn = random.random(), np.random.random(), torch.rand(()).item()
        self.iterations.append(
            {'epoch': runner.epoch, 'weights': weights, 'arch': arch, 'drawn': drawn, **rates}
        )

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self.iterations[-1] |= {name: float(value) for name, value in outputs.items()}


def samples(batch: Any) -> list[int]:
    """The indices of a batch in the whole data set; none of no batch."""
    return [] if batch is None else [int(s.sample_idx) for s in batch['data_samples']]


@dataclass(frozen=True)
class Run:
    """A search that came to its end, and its work dir."""

    runner: Runner
    folder: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The trajectory."""
        text = (self.folder / 'trajectory.jsonl').read_text(encoding='utf-8')
        return [json.loads(line) for line in text.splitlines()]

    @property
    def iterations(self) -> list[dict[str, Any]]:
        """What :class:`RecordHook` wrote down."""
        (hook,) = (hook for hook in self.runner.hooks if isinstance(hook, RecordHook))
        return hook.iterations

    def checkpoint(self, epoch: int) -> dict[str, Any]:
        """The checkpoint after so many epochs."""
        return torch.load(self.folder / f'epoch_{epoch}.pth', weights_only=False)


RunSearch = Callable[..., Run]


@pytest.fixture(scope='session')
def _record_hook() -> Iterator[None]:
    HOOKS.register_module(module=RecordHook)
    yield
    del HOOKS.module_dict[RecordHook.__name__]


@pytest.fixture
def run_search(tiny_config: Any, tmp_path: Path, _record_hook: None) -> RunSearch:
    """Runs a tiny search with overrides by dotted key, in a folder of its own."""

    def run(name: str = 'run', overrides: Mapping[str, Any] | None = None, **options: Any) -> Run:
        config = tiny_config({'custom_hooks': [{'type': 'RecordHook'}], **(overrides or {})})
        return Run(search(config, work_dir=tmp_path / name, **options), tmp_path / name)

    return run


@pytest.fixture(scope='session')
def two_epochs(
    tiny_config: Any, tmp_path_factory: pytest.TempPathFactory, _record_hook: None
) -> Run:
    """A tiny search of two epochs as it is; tests only look at it."""
    folder = tmp_path_factory.mktemp('two_epochs')
    config = tiny_config({'custom_hooks': [{'type': 'RecordHook'}]})
    return Run(search(config, work_dir=folder), folder)


@pytest.fixture(scope='session')
def assert_same() -> Callable[[Any, Any], None]:
    """Asserts that two values are equal to the bit, through dicts and lists."""

    def check(first: Any, second: Any) -> None:
        if isinstance(first, torch.Tensor):
            assert torch.equal(first, second)
        elif isinstance(first, dict):
            assert first.keys() == second.keys()
            for key in first:
                check(first[key], second[key])
        elif isinstance(first, list | tuple):
            assert len(first) == len(second)
            for a, b in zip(first, second, strict=True):
                check(a, b)
        else:
            assert first == second

    return check

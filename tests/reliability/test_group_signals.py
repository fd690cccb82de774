"""A signal to the whole process group, as ``timeout`` and ``srun`` send it: a checkpoint, no worker left."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.apis.search import search
from ostrdet.apis.train import train
from ostrdet.registry import HOOKS

CONTEXT = multiprocessing.get_context('fork')
STOPPED_AT = 5


class GroupSignalHook(Hook):
    """Signals its own group, once the workers are at work on what comes next."""

    def __init__(self, number: int) -> None:
        self.number = number

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter == STOPPED_AT:
            os.killpg(os.getpgrp(), self.number)


def run_in_group(run: Callable[..., Any], config: Any, folder: Path, number: int | None) -> None:
    """The child: a run that leads a group of its own."""
    os.setsid()
    if number is not None:
        signal.signal(number, signal.SIG_DFL)  # the tests themselves may run under nohup
    HOOKS.register_module(module=GroupSignalHook)
    run(config, work_dir=folder)


def status_of(
    run: Callable[..., Any], config: Any, folder: Path, number: int | None = None
) -> int | None:
    child = CONTEXT.Process(target=run_in_group, args=(run, config, folder, number))
    child.start()
    child.join()
    assert is_gone(child.pid or 0)
    return child.exitcode


def is_gone(group: int) -> bool:
    """Whether no process of a group is left; what was killed last takes a moment to vanish."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize(
    ('kind', 'number', 'workers'),
    [
        ('search', signal.SIGTERM, 1),
        ('search', signal.SIGHUP, 2),
        ('train', signal.SIGTERM, 2),
        ('train', signal.SIGINT, 1),
    ],
)
def test_the_run_ends_with_a_checkpoint_and_without_workers(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, number: int, workers: int
) -> None:
    make = request.getfixturevalue('tiny_config' if kind == 'search' else 'tiny_training')
    config = make(
        {
            'train_dataloader.num_workers': workers,
            'val_dataloader.num_workers': workers,
            'custom_hooks': [{'type': 'ostrdet.GroupSignalHook', 'number': int(number)}],
        }
    )
    folder = tmp_path / 'run'
    run = search if kind == 'search' else train
    assert status_of(run, config, folder, number) == 128 + number
    # Four iterations make an epoch
    assert sorted(path.name for path in folder.glob('epoch_1_iter*.pth')) == ['epoch_1_iter_2.pth']


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
def test_what_nohup_ignores_stays_ignored(tiny_training: Any, tmp_path: Path) -> None:
    config = tiny_training(
        {'custom_hooks': [{'type': 'ostrdet.GroupSignalHook', 'number': int(signal.SIGHUP)}]}
    )
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert status_of(train, config, tmp_path) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (tmp_path / 'epoch_2.pth').is_file()

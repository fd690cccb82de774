"""SIGTERM and SIGINT: a checkpoint within the iteration, and a run that goes on as if nothing was."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.apis.search import search
from ostrdet.apis.train import train
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.registry import HOOKS

PARTS = ('state_dict', 'optimizer', 'param_schedulers')


class SignalHook(Hook):
    """Sends a signal to its own process before some iterations."""

    def __init__(self, number: int, iterations: tuple[int, ...]) -> None:
        self.number, self.iterations = number, iterations

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter in self.iterations:
            os.kill(os.getpid(), self.number)


@pytest.fixture(scope='module', autouse=True)
def _signal_hook() -> Iterator[None]:
    HOOKS.register_module(module=SignalHook)
    yield
    del HOOKS.module_dict[SignalHook.__name__]


def hook(number: int, *iterations: int) -> dict[str, Any]:
    name = 'ostrdet.SignalHook'
    return {'custom_hooks': [{'type': name, 'number': number, 'iterations': iterations}]}


TERM, INT = (signal.SIGTERM, 143), (signal.SIGINT, 130)
#: Of each kind of run: the fixture that makes its config, and the iterations of an epoch.
KINDS = {
    'search': ('tiny_config', 4),
    'train': ('tiny_training', 4),
    'detect': ('tiny_detector', 3),
}


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize(
    ('kind', 'number', 'status'),
    [('search', *TERM), ('search', *INT), ('train', *TERM), ('train', *INT), ('detect', *TERM)],
)
def test_a_stopped_run_goes_on_to_the_same_end(
    request: pytest.FixtureRequest,
    assert_same: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    workers: int,
    number: int,
    status: int,
) -> None:
    """Stopped in the middle of an epoch, after its last iteration, and after the first of a run."""
    name, length = KINDS[kind]
    make = request.getfixturevalue(name)
    data_root = request.getfixturevalue('coco') if kind == 'detect' else None
    run = partial(search if kind == 'search' else train, data_root=data_root)
    run(make({'train_cfg.max_epochs': 2}), work_dir=tmp_path / 'whole')
    more = {'train_cfg.max_epochs': 2, 'train_dataloader.num_workers': workers}
    for index, iteration in enumerate((1, 3, 5)):
        name = f'epoch_{iteration // length}_iter_{iteration % length + 1}'
        config = make({**more, **hook(number, iteration)})
        with pytest.raises(SystemExit) as caught:
            run(config, work_dir=tmp_path / 'parts', resume='auto' if index else None)
        assert caught.value.code == status
        assert f"continue with --resume from '{name}.pth'" in capsys.readouterr().err
        assert (tmp_path / 'parts' / f'{name}.pth').is_file()
    run(make(more), work_dir=tmp_path / 'parts', resume='auto')
    whole, parts = (read_checkpoint(tmp_path / n / 'epoch_2.pth') for n in ('whole', 'parts'))
    for part in (*PARTS, *(('selector',) if kind == 'search' else ())):
        assert_same(whole[part], parts[part])
    assert (whole['meta']['epoch'], whole['meta']['iter']) == (2, 2 * length)
    assert (parts['meta']['epoch'], parts['meta']['iter']) == (2, 2 * length)


def test_handlers_are_put_back(tiny_training: Any, tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    train(tiny_training({'train_cfg.max_epochs': 1}), work_dir=tmp_path)
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)] == before


def test_a_changed_run_is_not_gone_on_with(tiny_training: Any, tmp_path: Path) -> None:
    train(tiny_training({'train_cfg.max_epochs': 1}), work_dir=tmp_path)
    other = tiny_training({'train_dataloader.batch_size': 20})
    with pytest.raises(
        ValueError, match=r'batch_size was 16, is 20\. Take the config .* resume_any'
    ):
        train(other, work_dir=tmp_path, resume='auto')
    other.merge_from_dict({'resume_anyway': True, 'train_dataloader.drop_last': False})
    train(other, work_dir=tmp_path, resume='auto')


def test_a_damaged_checkpoint_is_passed_over(
    tiny_training: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tiny_training(), work_dir=tmp_path)
    data = (tmp_path / 'epoch_2.pth').read_bytes()
    (tmp_path / 'epoch_2.pth').write_bytes(data[:-100])
    runner = train(tiny_training(), work_dir=tmp_path, resume='auto')
    assert 'from epoch 2 of 2' in capsys.readouterr().out.split('training')[-1]
    assert runner.epoch == 2

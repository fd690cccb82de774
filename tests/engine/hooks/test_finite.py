"""A number that is not finite stops the search at once, and never reaches a checkpoint."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.apis.search import build_search, search
from ostrdet.apis.search_cli import main
from ostrdet.engine.hooks import FiniteHook, NonFiniteError
from ostrdet.registry import HOOKS

WEIGHT = 'supernet.classifier.weight'
STATISTIC = 'supernet.skeleton.stem.norm.running_mean'


class PoisonHook(Hook):
    """Spoils one element of a tensor of the model before an iteration."""

    def __init__(self, tensor: str, value: str, iteration: int) -> None:
        self.tensor, self.value, self.iteration = tensor, float(value), iteration

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter == self.iteration:
            runner.model.state_dict()[self.tensor].flatten()[0] = self.value


@pytest.fixture(autouse=True)
def _poison_hook() -> Iterator[None]:
    HOOKS.register_module(module=PoisonHook)
    yield
    del HOOKS.module_dict[PoisonHook.__name__]


def poison(tensor: str, value: str, iteration: int) -> dict[str, Any]:
    hook = {'type': 'PoisonHook', 'tensor': tensor, 'value': value, 'iteration': iteration}
    return {'custom_hooks': [hook], 'train_cfg.max_epochs': 3}


@pytest.mark.parametrize('value', ['nan', 'inf'])
@pytest.mark.parametrize('tensor', [WEIGHT, 'alpha_cell'])
def test_the_search_stops_within_the_iteration(
    tiny_config: Any, tmp_path: Path, tensor: str, value: str
) -> None:
    config = tiny_config(poison(tensor, value, iteration=5))
    with pytest.raises(NonFiniteError) as caught:
        search(config, work_dir=tmp_path)
    message = str(caught.value)
    assert message.startswith("'loss' is not finite at iteration 6 (epoch 2); the last good ")
    assert f"checkpoint is '{tmp_path / 'epoch_1.pth'}'. Go on from it with --resume" in message
    assert sorted(file.name for file in tmp_path.glob('*.pth')) == ['epoch_1.pth']


def test_alpha_is_looked_at_after_its_step(tiny_config: Any, tmp_path: Path) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    hook = FiniteHook()
    hook.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})
    runner.model.alpha_cell.data[0, 0] = -torch.inf
    with pytest.raises(NonFiniteError, match=r"'alphas\.cell' is not finite at iteration 1"):
        hook.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})


def test_an_unused_statistic_is_found_before_it_is_saved(tiny_config: Any, tmp_path: Path) -> None:
    config = tiny_config(poison(STATISTIC, 'nan', iteration=7))
    with pytest.raises(NonFiniteError, match=rf"'{re.escape(STATISTIC)}' is not finite"):
        search(config, work_dir=tmp_path)
    assert sorted(file.name for file in tmp_path.glob('*.pth')) == ['epoch_1.pth']


def test_before_the_first_checkpoint_there_is_none_to_go_on_from(
    tiny_config: Any, tmp_path: Path
) -> None:
    config = tiny_config(poison(WEIGHT, 'nan', iteration=0))
    with pytest.raises(NonFiniteError, match=r'iteration 1 \(epoch 1\); no checkpoint was written'):
        search(config, work_dir=tmp_path)
    assert not list(tmp_path.glob('*.pth'))


def test_the_command_line_says_it_in_one_line_and_the_checkpoint_resumes(
    tiny_config: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, work_dir = tmp_path / 'config.py', tmp_path / 'run'
    tiny_config(poison(WEIGHT, 'nan', iteration=9)).dump(config)
    assert main([str(config), '--work-dir', str(work_dir)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(r"error: 'loss' is not finite at iteration 10 \(epoch 3\); the last", line)
    checkpoint = work_dir / 'epoch_2.pth'
    assert str(checkpoint) in line
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    assert all(tensor.isfinite().all() for tensor in state.values())
    healthy = ['--cfg-options', 'custom_hooks=[]']
    assert main([str(config), '--work-dir', str(work_dir), '--resume', *healthy]) == 0
    out, err = capsys.readouterr()
    assert 'from epoch 3 of 3' in out
    assert err == ''


def test_the_terminal_gets_its_cursor_back(
    tiny_config: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('TTY_COMPATIBLE', '1')
    monkeypatch.setenv('TERM', 'xterm')
    with pytest.raises(NonFiniteError):
        search(tiny_config(poison(WEIGHT, 'nan', iteration=1)), work_dir=tmp_path)
    out = capsys.readouterr().out
    hidden, shown = '\x1b[?25l', '\x1b[?25h'
    assert out.count(hidden) == out.count(shown) == 1

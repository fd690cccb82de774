"""A number that is not finite stops the search at once, and never reaches a checkpoint."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch.utils._python_dispatch import TorchDispatchMode

from ostrdet.apis.search import build_search, search
from ostrdet.commands.search import main
from ostrdet.engine.hooks import FiniteHook
from ostrdet.errors import NonFiniteError
from ostrdet.registry import HOOKS

WEIGHT = 'supernet.classifier.weight'


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


def test_alpha_is_looked_at_after_its_step(tiny_config: Any, tmp_path: Path) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    hook = FiniteHook()
    hook.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})
    runner.model.alpha_cell.data[0, 0] = -torch.inf
    with pytest.raises(NonFiniteError, match=r"'alphas\.cell' is not finite at iteration 1"):
        hook.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})


@pytest.mark.parametrize('part', ['state_dict', 'optimizer'])
def test_all_that_is_saved_is_looked_at(tiny_config: Any, tmp_path: Path, part: str) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    good, bad = torch.ones(2), torch.tensor([1.0, torch.inf])
    checkpoint = {'state_dict': {'a': good}, 'optimizer': {'state': [{'b': good}, {'c': good}]}}
    FiniteHook().before_save_checkpoint(runner, checkpoint)
    names = {'state_dict': 'd', 'optimizer': r'optimizer\.state\.1\.d'}
    places = {
        'state_dict': checkpoint['state_dict'],
        'optimizer': checkpoint['optimizer']['state'][1],
    }
    places[part]['d'] = bad
    with pytest.raises(NonFiniteError, match=f"'{names[part]}' is not finite at iteration 1"):
        FiniteHook().before_save_checkpoint(runner, checkpoint)


def test_numbers_whose_norm_overflows_are_finite(tiny_config: Any, tmp_path: Path) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    large = {'a': torch.tensor([3e38, 3e38]), 'b': torch.tensor([7])}
    FiniteHook().before_save_checkpoint(runner, {'state_dict': large})


def test_a_gradient_that_a_loss_scaler_drops_stops_nothing(tmp_path: Path) -> None:
    """Steps are looked at, and a scaler leaves out the step of an overflow."""
    model = torch.nn.Linear(2, 1)
    optimizer, hook = torch.optim.SGD(model.parameters(), lr=0.1), FiniteHook()
    wrapper = SimpleNamespace(optimizer=optimizer)
    runner: Any = SimpleNamespace(
        model=model, optim_wrapper=wrapper, iter=0, epoch=0, work_dir=tmp_path
    )
    hook.before_train(runner)
    model.weight.grad = torch.tensor([[torch.inf, 0.0]])
    hook.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})
    optimizer.step()
    with pytest.raises(NonFiniteError, match="'gradient of weight' is not finite"):
        hook.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})
    hook.after_run(runner)


class Reads(TorchDispatchMode):
    """Counts how often a number leaves its device."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_an_iteration_reads_one_number(tiny_config: Any, tmp_path: Path) -> None:
    runner = build_search(tiny_config(), work_dir=tmp_path)
    hook = FiniteHook()
    optimizers = [
        torch.optim.SGD(weights, lr=0.1)
        for weights in ([runner.model.alpha_cell], runner.model.supernet.parameters())
    ]
    wrappers = zip(('arch', 'weights'), optimizers, strict=True)
    runner.optim_wrapper = OptimWrapperDict(**{n: OptimWrapper(o) for n, o in wrappers})
    hook.before_train(runner)
    for weight in runner.model.parameters():
        weight.grad = torch.full_like(weight, 1e30)  # its norm overflows
    with Reads() as reads:
        for optimizer in optimizers:
            optimizer.step()
        assert reads.count == 0
    for weight in runner.model.parameters():
        weight.data.clamp_(-1.0, 1.0)
    hook.after_train_iter(runner, 0, outputs={'loss': torch.tensor(1.0)})  # all are finite
    for weight in runner.model.parameters():
        weight.grad = torch.ones_like(weight)
    with Reads() as reads:
        for optimizer in optimizers:
            optimizer.step()
        losses = {'loss': torch.tensor(1.0), 'arch_loss': torch.tensor(1.0)}
        hook.after_train_iter(runner, 0, outputs=losses)
        assert reads.count == 1
    hook.after_run(runner)


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
    assert re.match(
        r"error: 'supernet\.classifier\.weight' is not finite at iteration 10 \(epoch 3\); the last",
        line,
    )
    checkpoint = work_dir / 'epoch_2.pth'
    assert str(checkpoint) in line
    state = torch.load(checkpoint, weights_only=False)['state_dict']
    assert all(tensor.isfinite().all() for tensor in state.values())
    healthy = ['--cfg-options', 'custom_hooks=[]']
    assert main([str(config), '--work-dir', str(work_dir), '--resume', *healthy]) == 0
    out, err = capsys.readouterr()
    assert 'from epoch 3 of 3' in out
    assert 'custom_hooks.0.iteration was 9, is not set' in err


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

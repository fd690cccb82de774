"""NaN and infinity, wherever they arise: the run stops within an iteration and says where."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ostrdet.apis.search import build_search
from ostrdet.commands import search as search_cli
from ostrdet.commands import train as train_cli
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.errors import NonFiniteError
from ostrdet.models.arch_updates import FirstOrderUpdate
from ostrdet.registry import CRITERIA, HOOKS
from ostrdet.selection import MinibatchMean
from ostrdet.structures import ArchStep

CLIS = {'search': search_cli, 'train': train_cli}
WEIGHTS = {'search': 'supernet.classifier.weight', 'train': 'head.fc.weight'}
STATISTICS = {
    'search': 'supernet.skeleton.stem.norm.running_var',
    'train': 'backbone.skeleton.stem.norm.running_var',
}
#: Of 4 per epoch: the second of the second epoch, from 0.
ITERATION = 5


class InjectHook(Hook):
    """Spoils what is named ``where`` in one iteration, as an overflow there would."""

    def __init__(self, where: str, tensor: str, value: str, iteration: int = ITERATION) -> None:
        self.where, self.tensor = where, tensor
        self.value, self.iteration = float(value), iteration

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter != self.iteration:
            return
        if self.where == 'loss':
            classifier = runner.model.get_submodule(self.tensor)
            classifier.register_forward_hook(self._spoil_logits)
        elif self.where == 'gradient':
            runner.model.get_parameter(self.tensor).register_hook(self._spoil)
        else:
            self._spoil(runner.model.state_dict()[self.tensor])

    def _spoil(self, values: Tensor) -> Tensor:
        values.view(-1)[0] = self.value
        return values

    def _spoil_logits(self, module: Any, inputs: Any, logits_NC: Tensor) -> Tensor:
        """The loss is minus the logarithm of a probability: infinite for a logit of minus infinity."""
        logits_NC = logits_NC.clone()
        logits_NC[:, 1:] = -self.value
        return logits_NC


class InjectScore(MinibatchMean):
    """Operation strengths, one of which is spoilt in one iteration."""

    def __init__(self, value: str) -> None:
        self.value, self.calls = float(value), 0
        super().__init__()

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        scores_EO = step.alpha_grads[cell_type].abs()
        if self.calls == ITERATION:
            scores_EO[0, 0] = self.value
        self.calls += 1
        return scores_EO


@pytest.fixture(scope='module', autouse=True)
def _injections() -> Iterator[None]:
    HOOKS.register_module(module=InjectHook)
    CRITERIA.register_module(module=InjectScore)
    yield
    del HOOKS.module_dict[InjectHook.__name__]
    del CRITERIA.module_dict[InjectScore.__name__]


def injection(kind: str, where: str, value: str) -> tuple[dict[str, Any], str]:
    """What to change of the config, and the name that the message must give."""
    tensors = {
        'loss': WEIGHTS[kind].removesuffix('.weight'),
        'gradient': WEIGHTS[kind],
        'weight': WEIGHTS[kind],
        'statistic': STATISTICS[kind],
        'alpha': 'alpha_cell',
    }
    if where == 'score':
        criterion = {'type': 'InjectScore', 'value': value}
        return {'default_hooks.selector.criterion': criterion}, 'score by InjectScore'
    hook = {'type': 'ostrdet.InjectHook', 'where': where, 'tensor': tensors[where], 'value': value}
    named = {
        'loss': '(arch_)?loss' if kind == 'search' else 'loss',
        'gradient': rf'gradient of {WEIGHTS[kind]}',
    }
    # A gradient of NaN is that of every weight once gradients were clipped by their norm
    if where == 'gradient' and value == 'nan':
        named['gradient'] = r'gradient of \S+ and of \d+ more'
    return {'custom_hooks': [hook]}, named.get(where, re.escape(tensors[where]))


CASES = [
    *(('search', where) for where in ('loss', 'gradient', 'weight', 'statistic', 'alpha', 'score')),
    *(('train', where) for where in ('loss', 'gradient', 'weight', 'statistic')),
]


@pytest.mark.parametrize('value', ['nan', 'inf'])
@pytest.mark.parametrize(('kind', 'where'), CASES)
def test_the_run_stops_within_the_iteration_and_names_it(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    where: str,
    value: str,
) -> None:
    make: Callable[..., Any] = request.getfixturevalue(
        'tiny_config' if kind == 'search' else 'tiny_training'
    )
    overrides, name = injection(kind, where, value)
    config, work_dir = tmp_path / 'config.py', tmp_path / 'run'
    make({'train_cfg.max_epochs': 3, **overrides}).dump(config)
    assert CLIS[kind].main([str(config), '--work-dir', str(work_dir)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    good = work_dir / 'epoch_1.pth'
    where_it_was = rf'is not finite at iteration {ITERATION + 1} \(epoch 2\)'
    assert re.match(
        rf"error: '{name}' {where_it_was}; the last good checkpoint is '{good}'\.", line
    )
    assert [path.name for path in work_dir.glob('*.pth')] == ['epoch_1.pth']
    state = read_checkpoint(good)['state_dict'].values()
    assert all(tensor.isfinite().all() for tensor in state)


@pytest.mark.parametrize('value', ['nan', 'inf'])
def test_a_gradient_of_alpha_stops_the_search_and_not_what_it_spoils(
    tiny_config: Any, tmp_path: Path, value: str
) -> None:
    class Spoilt(FirstOrderUpdate):
        calls = 0

        def gradients(self, *args: Any) -> tuple[Tensor, list[Tensor]]:
            loss, grads = super().gradients(*args)
            if self.calls == ITERATION:
                grads[0][0, 0] = float(value)
            self.calls += 1
            return loss, grads

    runner = build_search(tiny_config(), work_dir=tmp_path)
    runner.model.arch_update = Spoilt()
    with pytest.raises(
        NonFiniteError, match=r"'gradient of alpha_cell' .* iteration 6 \(epoch 2\)"
    ):
        runner.train()
    assert [path.name for path in tmp_path.glob('*.pth')] == ['epoch_1.pth']

"""Stages that go on with weights and alpha: what the next one starts from, and after a kill."""

import shutil
import signal
from copy import deepcopy
from math import cos, pi
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.open_search import config_of
from ostrdet.apis.search import search
from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.engine.hooks.carry import CarryHook
from ostrdet.engine.widening import grown, growth
from ostrdet.errors import UnknownNameError
from ostrdet.registry import MODELS
from ostrdet.settings.search import load_config
from tests.apis.test_stages import CONTEXT, assert_same_search, lines, run_until

CARRY = {
    'model.supernet.channels': 8,
    'model.supernet.mixed_op': {'type': 'PartialChannelMixedOp', 'k': 4},
    'model.weighting': {'type': 'DirichletWeighting'},
    'param_scheduler.weights': [{'type': 'PartOfCosineLR', 'T_max': 4, 'eta_min': 0.0}],
    'stages': [
        {},
        {
            'keep': 3,
            'carry': True,
            'model.supernet.mixed_op.k': 2,
            'param_scheduler.weights.0.start': 2,
        },
    ],
}


@pytest.fixture(scope='module')
def whole(tiny_config: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work dir of a search in two stages that nothing interrupted; tests only look at it."""
    folder = tmp_path_factory.mktemp('carried')
    search(tiny_config(CARRY), work_dir=folder)
    return folder


def test_the_second_stage_starts_where_the_first_has_stopped(
    tiny_config: Any, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'copy'
    shutil.copytree(whole / 'stage_1', folder / 'stage_1')
    found: dict[str, Any] = {}
    take = CarryHook.before_train

    def spy(self: CarryHook, runner: Any) -> None:
        take(self, runner)
        found.update({k: v.clone() for k, v in runner.model.state_dict().items()})
        found['rate'] = runner.optim_wrapper['weights'].param_groups[0]['lr']
        found['arch'] = deepcopy(runner.optim_wrapper['arch'].optimizer.state_dict()['state'])

    monkeypatch.setattr(CarryHook, 'before_train', spy)
    search(tiny_config(CARRY), work_dir=folder, resume='auto')
    old = read_checkpoint(whole / 'stage_1' / 'epoch_2.pth')
    config = load_config(config_of(folder / 'stage_2'))
    network = MODELS.build(config.model.supernet)
    weights = {k.removeprefix('supernet.'): v for k, v in old['state_dict'].items()}
    plan = growth(network, weights, seed=0)
    for name in network.state_dict():
        assert torch.equal(found[f'supernet.{name}'], grown(weights[name], plan[name])), name
    present_EO = torch.tensor(network.space.presence('cell'))
    alpha_EO = old['state_dict']['alpha_cell']
    assert torch.equal(found['alpha_cell'], alpha_EO.where(present_EO, 0.0))
    assert found['rate'] == pytest.approx(0.025 / 2)  # half of the cosine is done
    assert found['arch'][0]['step'] == old['optimizer']['arch']['state'][0]['step']
    assert_same_search(folder, whole)


def test_the_cosine_goes_on_over_both_stages(whole: Path) -> None:
    ends = [read_checkpoint(whole / s / 'epoch_2.pth') for s in ('stage_1', 'stage_2')]
    rates = [end['optimizer']['weights']['param_groups'][0]['lr'] for end in ends]
    assert rates == pytest.approx([0.025 * (1 + cos(pi * e / 4)) / 2 for e in (1, 3)])


def test_alphas_of_candidates_that_left_stay_zero(whole: Path) -> None:
    space = load_config(config_of(whole / 'stage_2')).model.supernet.space
    ops = ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3')
    for line in lines(whole / 'stage_2'):
        for row, kept in zip(line['alphas']['cell'], space.candidates['cell'], strict=True):
            assert all((alpha != 0) == (op in kept) for op, alpha in zip(ops, row, strict=True))


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize('file', ['run.json', 'epoch_1.pth', 'epoch_2.pth'])
@pytest.mark.parametrize('stage', ['stage_1', 'stage_2'])
def test_a_killed_search_ends_with_the_same_bits(
    tiny_config: Any, whole: Path, tmp_path: Path, stage: str, file: str
) -> None:
    config, folder = tiny_config(CARRY), tmp_path / 'killed'
    child = CONTEXT.Process(target=run_until, args=(config, folder, folder / stage / file))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    search(config, work_dir=folder, resume='auto')
    assert_same_search(folder, whole)


def test_a_stage_without_its_predecessor_names_it(
    tiny_config: Any, whole: Path, tmp_path: Path
) -> None:
    config = load_config(config_of(whole / 'stage_2'))
    config.default_hooks.carry.source = str(tmp_path / 'gone')
    with pytest.raises(FileNotFoundError, match=r"carry: '.*gone' holds no checkpoint; run that"):
        search(config, work_dir=tmp_path / 'run')


def test_a_stage_after_one_that_carried_may_start_anew(tiny_config: Any) -> None:
    from ostrdet.settings.stages import stage_config

    cfg = load_config(
        tiny_config(
            {**CARRY, 'stages': [*CARRY['stages'], {'keep': 3, 'train_cfg': {'max_epochs': 1}}]}
        )
    )
    first = stage_config(cfg, None, 1)
    second = stage_config(cfg, first, 2)
    third = stage_config(cfg, second, 3)
    assert ['carry' in one.default_hooks for one in (first, second, third)] == [False, True, False]


def test_unknown_parts_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"carry: 'alpha'\. Did you mean 'alphas'"):
        CarryHook('somewhere', ['alpha'])

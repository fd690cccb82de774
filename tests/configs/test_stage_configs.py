"""Searches in stages: every stage of their configs has the settings of the paper."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.engine.widening import growth
from ostrdet.registry import MODELS, PARAM_SCHEDULERS
from ostrdet.settings.search import load_config
from ostrdet.settings.stages import stage_configs
from ostrdet.spaces import build_space

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'search'


def stages(name: str) -> list[Any]:
    """The configs of all stages; the first candidates stand for the best."""
    return stage_configs(load_config(CONFIGS / f'{name}.py'))


def candidates(cfg: Any) -> set[int]:
    """How many candidates the edges have."""
    space = build_space(cfg.model.supernet.space)
    return {
        len(space.ops_of(name, edge))
        for name, spec in space.cells.items()
        for edge in range(len(spec.edges))
    }


@pytest.mark.parametrize('prefix', ['', 'ostr_'])
@pytest.mark.parametrize(
    ('space', 'channels', 'kept', 'epochs', 'low'),
    [('darts', [6, 4], [7, 4], 25, 0.0), ('nb201', [4, 2], [5, 3], 50, 1e-3)],
)
def test_progressive_drnas_has_the_published_stages(
    prefix: str, space: str, channels: list[int], kept: list[int], epochs: int, low: float
) -> None:
    found = stages(f'{prefix}drnas-progressive_{space}_c10')
    assert [cfg.model.supernet.mixed_op.k for cfg in found] == channels
    assert [candidates(cfg) for cfg in found] == [{count} for count in kept]
    assert ['carry' in cfg.default_hooks for cfg in found] == [False, True]
    assert found[1].default_hooks.carry.parts == ['weights', 'alphas']
    for cfg in found:
        assert (cfg.train_cfg.max_epochs, cfg.train_cfg.arch_start_epoch) == (epochs, 10)
    rates = [rate for cfg in found for rate in rates_of(cfg)]
    first = found[0].optim_wrapper.weights.optimizer.lr
    expected = [
        low + (first - low) * (1 + math.cos(math.pi * epoch / (2 * epochs))) / 2
        for epoch in range(2 * epochs)
    ]
    assert rates == pytest.approx(expected, rel=1e-12)  # one cosine over both


def rates_of(cfg: Any) -> list[float]:
    """The rates of the weights in the epochs of a stage."""
    weights = [torch.nn.Parameter(torch.zeros(1))]
    optimizer = torch.optim.SGD(weights, lr=cfg.optim_wrapper.weights.optimizer.lr)
    (scheduler,) = cfg.param_scheduler.weights
    built = PARAM_SCHEDULERS.build(
        {'end': cfg.train_cfg.max_epochs, **scheduler, 'optimizer': optimizer}
    )
    found = []
    for _ in range(cfg.train_cfg.max_epochs):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        built.step()
    return found


@pytest.mark.parametrize('name', ['p-darts_darts_c10', 'ostr_p-darts_darts_c10'])
def test_p_darts_has_the_published_stages(name: str) -> None:
    found = stages(name)
    supernets = [cfg.model.supernet for cfg in found]
    assert [net.num_cells for net in supernets] == [5, 11, 17]
    assert [candidates(cfg) for cfg in found] == [{8}, {5}, {3}]
    assert [net.mixed_op.rate for net in supernets] == [0.1, 0.4, 0.7]
    assert [net.channels for net in supernets] == [16] * 3
    for cfg in found:
        assert (cfg.train_cfg.max_epochs, cfg.train_cfg.arch_start_epoch) == (25, 10)
        assert cfg.default_hooks.selector.derivation == {'type': 'MaxSkips', 'most': 2}


@pytest.mark.parametrize(
    ('name', 'first'),
    [('dots_darts_c10', 'Magnitude'), ('ostr_dots_darts_c10', 'OperationStrength')],
)
def test_dots_has_the_published_stages(name: str, first: str) -> None:
    found = stages(name)
    assert [candidates(cfg) for cfg in found] == [{8}, {2}, {2}]
    weightings = [cfg.model.weighting for cfg in found]
    assert [weighting.type for weighting in weightings] == [
        'GroupSoftmaxWeighting',
        'TopologyWeighting',
        'TopologyWeighting',
    ]
    falling = {'type': 'ExponentialToLast', 'start': 10.0, 'end': 0.02}
    assert [weighting.get('tau') for weighting in weightings] == [None, 10.0, falling]
    assert [cfg.train_cfg.max_epochs for cfg in found] == [30, 20, 20]
    assert [cfg.train_cfg.arch_start_epoch for cfg in found] == [15, 20, 0]
    assert [cfg.train_cfg.portions for cfg in found] == [(0.5, 0.5), (0.5, 0.5), (1.0,)]
    betas = [cfg.optim_wrapper.arch.optimizer.betas for cfg in found]
    assert betas == [(0.5, 0.999), (0.5, 0.999), (0.9, 0.999)]
    assert [cfg.default_hooks.selector.criterion.type for cfg in found] == [
        first,
        *['Magnitude'] * 2,
    ]
    assert [cfg.model.init_std for cfg in found] == [0.0] * 3
    carried = [cfg.default_hooks.get('carry', {}).get('parts') for cfg in found]
    assert carried == [None, None, ['weights']]
    rates = [rate for cfg in found for rate in rates_of(cfg)]
    expected = [0.001 + 0.024 * (1 + math.cos(math.pi * epoch / 70)) / 2 for epoch in range(70)]
    assert rates == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize('space', ['darts', 'nb201'])
def test_the_supernets_of_progressive_drnas_grow_into_each_other(space: str) -> None:
    found = stages(f'drnas-progressive_{space}_c10')
    with torch.device('meta'):
        old, new = (MODELS.build(cfg.model.supernet) for cfg in found)
    before = old.state_dict()
    plan = growth(new, before, seed=0)
    for name, value in new.state_dict().items():
        sizes = [
            size if index is None else len(index)
            for size, index in zip(before[name].shape, plan[name], strict=True)
        ]
        assert sizes == list(value.shape), name
        assert all(
            i is None or i.max() < n for i, n in zip(plan[name], before[name].shape, strict=True)
        )
    assert any(index is not None for indices in plan.values() for index in indices)

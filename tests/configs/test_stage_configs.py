"""Searches in stages: every stage of their configs has the settings of the paper."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.settings.search import load_config
from ostrdet.settings.stages import stage_config
from ostrdet.spaces import build_space

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'search'


def stages(name: str) -> list[Any]:
    """The configs of all stages; the first candidates stand for the best."""
    cfg = load_config(CONFIGS / f'{name}.py')
    found: list[Any] = []
    for number in range(1, len(cfg.stages) + 1):
        found.append(stage_config(cfg, found[-1] if found else None, number))
    return found


def candidates(cfg: Any) -> set[int]:
    """How many candidates the edges have."""
    space = build_space(cfg.model.supernet.space)
    return {
        len(space.ops_of(name, edge))
        for name, spec in space.cells.items()
        for edge in range(len(spec.edges))
    }


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

"""S1 to S5: their candidates, and the published cells that they hold."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from ostrdet.spaces import DARTSSpace, build_space
from ostrdet.spaces.zoo import get_genotype, list_genotypes
from ostrdet.structures import Genotype


def space(repo_root: Path, number: int) -> Any:
    path = repo_root / 'configs' / '_base_' / 'supernets' / f'darts-s{number}.py'
    return build_space(Config.fromfile(path).model.supernet.space)


@pytest.mark.parametrize('number', [1, 2, 3, 4, 5])
def test_they_have_the_published_number_of_candidates(repo_root: Path, number: int) -> None:
    found = space(repo_root, number)
    sizes = {len(found.ops_of(name, edge)) for name in found.cells for edge in range(14)}
    assert sizes == {{1: 2, 2: 2, 3: 3, 4: 2, 5: 7}[number]}


def test_s1_has_the_published_lists(repo_root: Path) -> None:
    found = space(repo_root, 1)
    counts = {
        name: Counter(op for row in rows for op in row) for name, rows in found.candidates.items()
    }
    assert counts == {
        'normal': {
            'skip_connect': 12,
            'dil_conv_3x3': 6,
            'sep_conv_3x3': 4,
            'dil_conv_5x5': 4,
            'max_pool_3x3': 2,
        },
        'reduce': {
            'max_pool_3x3': 8,
            'avg_pool_3x3': 6,
            'skip_connect': 6,
            'dil_conv_5x5': 5,
            'dil_conv_3x3': 2,
            'sep_conv_3x3': 1,
        },
    }


CELLS = [
    name
    for name in list_genotypes()
    if '_s1_' in name and get_genotype(name).space['type'] == DARTSSpace.__name__
]


@pytest.mark.parametrize('name', CELLS)
def test_published_cells_of_s1_belong_to_it(name: str, repo_root: Path) -> None:
    """They were searched in it, so each of their operations is a candidate of its edge."""
    found = space(repo_root, 1)
    found.validate(Genotype(found.to_config(), get_genotype(name).cells))

"""Cells drawn at random belong to their space, and are drawn evenly."""

from collections import Counter

import pytest

from ostrdet.registry import SPACES
from ostrdet.spaces import build_space
from ostrdet.spaces.random_genotype import random_genotype
from ostrdet.spaces.zoo import get_genotype

SPACES.import_from_location()


@pytest.mark.parametrize('name', SPACES.module_dict)
def test_a_random_cell_belongs_to_its_space(name: str) -> None:
    space = build_space({'type': name})
    drawn = [random_genotype(space, seed) for seed in range(30)]
    for genotype in drawn:
        space.validate(genotype)
    assert drawn[3] == random_genotype(space, 3)
    assert drawn[3].provenance['seed'] == 3
    assert len({space.format(genotype) for genotype in drawn}) > 25


def test_operations_and_edges_are_drawn_evenly() -> None:
    space = build_space({'type': 'DARTSSpace'})
    ops: Counter[str] = Counter()
    sources: Counter[int] = Counter()
    for seed in range(700):
        nodes = random_genotype(space, seed).cells['normal'].nodes
        ops.update(op for node in nodes for op, _ in node)
        sources.update(source for _, source in nodes[3])
    assert set(ops) == set(space.selectable_ops)
    expected = 700 * 8 / len(space.selectable_ops)
    assert all(abs(count - expected) < 5 * expected**0.5 for count in ops.values())
    assert all(abs(count - 280) < 5 * 280**0.5 for count in sources.values())
    assert sorted(sources) == [0, 1, 2, 3, 4]


def test_the_random_cell_of_the_zoo_is_the_one_of_its_seed() -> None:
    recorded = get_genotype('random_s0')
    drawn = random_genotype(build_space(recorded.space), recorded.provenance['seed'])
    assert drawn.cells == recorded.cells

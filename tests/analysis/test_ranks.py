"""Rank correlation of scores with stand-alone accuracies: which cells are compared, and the number."""

import math
from collections.abc import Sequence

import pytest

from ostrdet.analysis.ranks import correlate, edge_variants, spearman
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.random_genotype import random_genotype
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import Genotype

NB201 = build_space({'type': 'NASBench201Space'})
DARTS = build_space({'type': 'DARTSSpace'})
BASE = NB201.parse(
    '|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|'
)


def by_rank(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's formula for values without ties."""
    ranks = [[sorted(values).index(value) for value in values] for values in (first, second)]
    squares = sum((a - b) ** 2 for a, b in zip(*ranks, strict=True))
    return 1 - 6 * squares / (len(first) * (len(first) ** 2 - 1))


def edges_of(genotype: Genotype) -> set[tuple[str, int, str, int]]:
    """Cell type, node, operation and source of every edge."""
    return {
        (name, node, op, source)
        for name, cell in genotype.cells.items()
        for node, edges in enumerate(cell.nodes)
        for op, source in edges
    }


@pytest.mark.parametrize(
    ('space', 'base', 'edges', 'ops'),
    [(NB201, BASE, 6, 5), (DARTS, get_genotype('darts_v2'), 16, 7)],
    ids=['all-edges', 'kept-edges'],
)
def test_variants_differ_in_the_operation_of_one_edge(
    space: SearchSpace, base: Genotype, edges: int, ops: int
) -> None:
    found = list(edge_variants(space, base))
    assert len({(variants.cell_type, variants.edge) for variants in found}) == edges
    for variants in found:
        assert tuple(variants.genotypes) == space.selectable_ops
        assert len(variants.genotypes) == ops
        assert space.cells[variants.cell_type].edges[variants.index] == variants.edge
        assert base in variants.genotypes.values()
        for op, genotype in variants.genotypes.items():
            space.validate(genotype)
            added = edges_of(genotype) - edges_of(base)
            changed = {(variants.cell_type, op, variants.edge.source)}
            assert {(name, new, source) for name, _, new, source in added} <= changed
            assert len(added) <= 1


def test_every_cell_is_asked_for_once() -> None:
    asked: list[str] = []

    def accuracy(genotype: Genotype) -> float:
        asked.append(NB201.format(genotype))
        return float(len(asked))

    correlate(NB201, BASE, {'A': {'cell': [[0.0] * 5] * 6}}, accuracy)
    assert len(asked) == len(set(asked)) == 6 * 4 + 1


def test_the_correlation_is_that_of_the_ranks() -> None:
    def accuracy(genotype: Genotype) -> float:
        """Operations are the better the later they are declared, wherever they are."""
        return sum(NB201.ops.index(op) for node in genotype.cells['cell'].nodes for op, _ in node)

    rows = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [0, 2, 1, 4, 3], [1, 0, 2, 4, 3], [2, 3, 4, 0, 1]]
    scores = {'A': {'cell': [*rows, [0.1] * 5]}, 'blind': None}
    found = correlate(NB201, BASE, scores, accuracy)
    assert [one.criterion for one in found] == ['A'] * 6
    assert [one.rho for one in found[:5]] == pytest.approx([by_rank(r, range(5)) for r in rows])
    assert [found[0].rho, found[1].rho] == pytest.approx([1, -1])
    assert math.isnan(found[5].rho)
    assert found[2].scores == dict(zip(NB201.ops, rows[2], strict=True))
    # The accuracies of an edge count up by one, from that of the base without it
    first = list(found[0].accuracies.values())
    assert [a - first[0] for a in first] == [0, 1, 2, 3, 4]


def test_operations_that_are_never_selected_take_no_part() -> None:
    base = random_genotype(DARTS, 0)
    width = len(DARTS.ops)
    none = DARTS.ops.index('none')
    row = [100.0 if op == none else float(op) for op in range(width)]
    scores = {'A': {name: [row] * len(spec.edges) for name, spec in DARTS.cells.items()}}
    accuracies = {op: float(DARTS.ops.index(op)) for op in DARTS.selectable_ops}
    asked = iter(range(10**6))
    found = correlate(DARTS, base, scores, lambda _: float(next(asked)))
    assert len(found) == 16
    assert all(set(one.scores) == set(one.accuracies) == set(accuracies) for one in found)


@pytest.mark.parametrize('values', [[1.0, 1.0, 1.0], [1.0, math.nan, 2.0], [1.0, math.inf, 2.0]])
def test_what_ranks_nothing_has_no_correlation(values: list[float]) -> None:
    assert math.isnan(spearman(values, [1, 2, 3]))
    assert math.isnan(spearman([1, 2, 3], values))


def test_ties_share_their_rank() -> None:
    # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: their Pearson correlation is 4.5 / sqrt(4.5 * 5)
    assert spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))

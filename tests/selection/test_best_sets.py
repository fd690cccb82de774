"""The edges of DOTS: the best pair of a node, which need not be its two heaviest edges."""

import pytest
import torch

from ostrdet.kernels.topology import edge_weights_of_sets
from ostrdet.selection import Panel, discretize
from ostrdet.selection.derivations import BestSets
from ostrdet.spaces import build_space
from ostrdet.structures import ArchState

pytestmark = pytest.mark.usefixtures('float64')

SPACE = build_space({'type': 'DARTSSpace', 'num_nodes': 3})
CELLS = tuple(SPACE.cells)
#: Of the last node: pairs (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3).
LAST = (0.4, 0.1, 0.0, 0.1, 0.05, 0.35)


def weights(last: tuple[float, ...] = LAST) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([1.0, 0.2, 0.2, 0.6, *last]) for name in CELLS}


def scores(seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(9, 8, generator=generator) for name in CELLS}


def sources(genotype: object, node: int) -> list[int]:
    return [source for _, source in genotype.cells['normal'].nodes[node]]  # type: ignore[attr-defined]


def test_the_best_pair_stays_whatever_its_edges_weigh() -> None:
    found = BestSets()(SPACE, scores(), weights())
    assert [sources(found, node) for node in range(3)] == [[0, 1], [1, 2], [0, 1]]
    edges_E = edge_weights_of_sets(weights()['normal'], SPACE.cells['normal'])
    assert edges_E[5:].topk(2).indices.tolist() != [0, 1]


def test_each_edge_has_its_best_operation_whatever_that_of_others_scores() -> None:
    for seed in range(5):
        table = scores(seed)
        found = BestSets()(SPACE, table, weights())
        row = table['normal'][5]  # of the last node from state 0
        best = max(SPACE.selectable_ops, key=lambda op, row=row: row[SPACE.ops.index(op)])
        assert found.cells['normal'].nodes[2][0] == (best, 0)


def test_the_first_of_equal_pairs_stays() -> None:
    found = BestSets()(SPACE, scores(), weights((0.1, 0.3, 0.0, 0.3, 0.3, 0.0)))
    assert sources(found, 2) == [0, 2]


def test_without_weights_of_pairs_it_is_the_rule_of_darts() -> None:
    table = scores()
    expected = discretize(SPACE, table)
    assert BestSets()(SPACE, table) == expected
    assert BestSets()(SPACE, table, dict.fromkeys(CELLS)) == expected


def test_weights_of_something_else_are_refused() -> None:
    with pytest.raises(ValueError, match="cell 'normal' has 10 sets of edges, but there are 9"):
        BestSets()(SPACE, scores(), {name: torch.ones(9) for name in CELLS})


def test_the_magnitude_ranks_pairs_and_other_criteria_rank_edges() -> None:
    edges = {name: torch.ones(9) for name in CELLS}
    state = ArchState(scores(), scores(), edges, set_weights=weights())
    panel = Panel({'type': 'Magnitude'}, derivation={'type': 'BestSets'})
    assert sources(panel.select('Magnitude', scores(), state, SPACE), 2) == [0, 1]
    found = panel.select('PruningSaliency', scores(), state, SPACE)
    assert found == discretize(SPACE, scores())
    plain = Panel({'type': 'Magnitude'}).select('Magnitude', scores(), state, SPACE)
    assert plain == discretize(SPACE, scores(), edges)

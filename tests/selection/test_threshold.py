"""The rule of FairDARTS: published choices, dead nodes, and what it refuses."""

from typing import Any

import pytest
import torch

from ostrdet.errors import InvalidValueError, NothingSelectedError
from ostrdet.selection import Panel, Threshold, TopEdges
from ostrdet.spaces import DARTSSpace, build_space

OPS = ['skip_connect', 'sep_conv_3x3', 'max_pool_3x3']


def space(num_nodes: int) -> Any:
    return build_space({'type': 'SparseDARTSSpace', 'ops': OPS, 'num_nodes': num_nodes})


def scores(rows: list[list[float]]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(rows) for name in ('normal', 'reduce')}


FIRST = [[0.9, 0.1, 0.1], [0.1, 0.86, 0.1]]  # of node 2


@pytest.mark.parametrize(
    ('node', 'kept'),
    [
        ([[0.9, 0.2, 0.1], [0.3, 0.86, 0.4], [0.2, 0.1, 0.84]], {(0, 0), (1, 1)}),
        ([[0.9, 0.2, 0.1], [0.3, 0.5, 0.4], [0.2, 0.1, 0.84]], {(0, 0)}),
        ([[0.84, 0.2, 0.1], [0.3, 0.5, 0.4], [0.2, 0.1, 0.84]], set()),
    ],
)
def test_it_keeps_what_is_published(node: Any, kept: set[tuple[int, int]]) -> None:
    cell = Threshold()(space(2), scores(FIRST + node)).cells['normal']
    assert {(source, OPS.index(op)) for op, source in cell.nodes[1]} == kept
    assert cell.output == ((2, 3) if kept else (2,))


def test_edges_that_read_a_dead_node_are_dropped() -> None:
    """Node 2 has no inputs; node 3 reads it alone, so it has none either."""
    rows = [[0.1] * 3] * 2 + [[0.1] * 3, [0.1] * 3, [0.99, 0.1, 0.1]]
    rows += [[0.9, 0.1, 0.1]] + [[0.1] * 3] * 3
    cell = Threshold()(space(3), scores(rows)).cells['normal']
    assert cell.nodes == ((), (), (('skip_connect', 0),))
    assert cell.output == (4,)


def test_a_weight_equal_to_the_threshold_is_kept() -> None:
    cell = Threshold(least=0.5)(space(1), scores([[0.5, 0.1, 0.1], [0.1, 0.4, 0.1]])).cells[
        'normal'
    ]
    assert cell.nodes == ((('skip_connect', 0),),)


def test_a_cell_without_operations_is_an_error() -> None:
    with pytest.raises(
        NothingSelectedError, match=r"cell 'normal' has the weight 0\.85; the highest is 0\.4"
    ):
        Threshold()(space(1), scores([[0.1, 0.1, 0.1], [0.1, 0.4, 0.1]]))


def test_other_criteria_keep_two_edges_of_a_node() -> None:
    rows = [[0.3, 0.1, 0.1], [0.1, 0.2, 0.1], [0.1] * 3, [0.1, 0.2, 0.1], [0.1, 0.1, 0.4]]
    cell = TopEdges(max_edges=2)(space(2), scores(rows)).cells['normal']
    assert [len(node) for node in cell.nodes] == [2, 2]
    assert [source for _, source in cell.nodes[1]] == [1, 2]


def test_a_threshold_needs_weights_and_a_space_with_an_open_number_of_edges() -> None:
    with pytest.raises(InvalidValueError, match='which OperationStrength does not give'):
        Panel(derivation={'type': 'Threshold'}).check_derivation(space(4))
    panel = Panel({'type': 'Magnitude'}, derivation={'type': 'Threshold'})
    panel.check_derivation(space(4))
    with pytest.raises(
        InvalidValueError, match='which DARTSSpace fixes; use the space SparseDARTSSpace, or'
    ):
        panel.check_derivation(DARTSSpace())


@pytest.mark.parametrize('options', [{'least': 0.0}, {'least': 1.0}, {'max_edges': 0}])
def test_arguments_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match=f'derivation.{next(iter(options))}='):
        Threshold(**options)

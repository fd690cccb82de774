"""The shape of a cell: the order of its edges is the order of alpha's rows."""

import re

import pytest

from ostrdet.structures import CellSpec

NB201 = CellSpec(num_inputs=1, num_nodes=3, output=(3,))
DARTS = CellSpec(num_inputs=2, num_nodes=4, output=(2, 3, 4, 5), keep_edges=2)


def test_edges_are_ordered_by_target_then_source() -> None:
    assert NB201.edges == ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    assert DARTS.edges[:5] == ((0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    assert len(DARTS.edges) == 2 + 3 + 4 + 5


@pytest.mark.parametrize('spec', [NB201, DARTS, CellSpec(3, 5, (4, 7))])
def test_incoming_are_the_rows_of_the_edges_that_end_in_a_node(spec: CellSpec) -> None:
    for node in spec.nodes:
        rows = [row for row, edge in enumerate(spec.edges) if edge.target == node]
        assert list(spec.incoming(node)) == rows


def test_states_are_inputs_then_nodes() -> None:
    assert NB201.num_states == 4
    assert list(NB201.nodes) == [1, 2, 3]
    assert DARTS.num_states == 6
    assert list(DARTS.nodes) == [2, 3, 4, 5]


def test_kept_edges() -> None:
    assert [NB201.kept(node) for node in NB201.nodes] == [1, 2, 3]
    assert [DARTS.kept(node) for node in DARTS.nodes] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'num_inputs': 0, 'num_nodes': 2, 'output': (1,)}, 'at least one input and one node'),
        ({'num_inputs': 1, 'num_nodes': 0, 'output': (0,)}, 'at least one input and one node'),
        ({'num_inputs': 1, 'num_nodes': 2, 'output': ()}, 'nodes between 0 and 2, got ()'),
        ({'num_inputs': 1, 'num_nodes': 2, 'output': (3,)}, 'nodes between 0 and 2, got (3,)'),
        ({'num_inputs': 1, 'num_nodes': 2, 'output': (-1,)}, 'nodes between 0 and 2, got (-1,)'),
        (
            {'num_inputs': 2, 'num_nodes': 2, 'output': (3,), 'keep_edges': 3},
            'between 1 and num_inputs=2 (the first node has no more incoming edges), got 3',
        ),
        ({'num_inputs': 2, 'num_nodes': 2, 'output': (3,), 'keep_edges': 0}, 'got 0'),
    ],
)
def test_impossible_cells_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        CellSpec(**arguments)  # type: ignore[arg-type]

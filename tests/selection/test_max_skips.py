"""At most M skip connections: by hand, by brute force over random scores, and what is refused."""

from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.selection import MaxSkips, Panel, TopEdges
from ostrdet.spaces import SearchSpace, build_space

SKIP = 'skip_connect'
OPS = (SKIP, 'sep_conv_3x3', 'none')


def space(num_nodes: int = 2, **fields: Any) -> SearchSpace:
    return build_space({'type': 'DARTSSpace', 'ops': OPS, 'num_nodes': num_nodes, **fields})


def scores(rows: list[list[float]]) -> dict[str, Tensor]:
    return {name: torch.tensor(rows) for name in ('normal', 'reduce')}


def skips(cell: Any) -> set[tuple[int, int]]:
    """Target and source of the edges with a skip connection."""
    return {
        (node, source)
        for node, edges in enumerate(cell.nodes, start=2)
        for op, source in edges
        if op == SKIP
    }


ROWS = [
    [0.9, 0.1, 0.0],  # 2<-0
    [0.5, 0.4, 0.0],  # 2<-1
    [0.8, 0.2, 0.0],  # 3<-0
    [0.7, 0.1, 0.0],  # 3<-1
    [0.1, 0.6, 0.0],  # 3<-2
]


@pytest.mark.parametrize(
    ('most', 'skipping', 'sources'),
    [
        (4, {(2, 0), (2, 1), (3, 0), (3, 1)}, [0, 1]),
        (3, {(2, 0), (3, 0), (3, 1)}, [0, 1]),  # 2<-1 turns into a convolution
        (2, {(2, 0), (3, 0)}, [0, 2]),  # 3<-1 loses its place to 3<-2
        (1, {(2, 0)}, [0, 2]),
        (0, set(), [0, 2]),
    ],
)
def test_the_weakest_skip_goes_first(
    most: int, skipping: set[tuple[int, int]], sources: list[int]
) -> None:
    found = MaxSkips(most)(space(), scores(ROWS))
    assert skips(found.cells['normal']) == skipping
    assert [source for _, source in found.cells['normal'].nodes[1]] == sources
    assert found.cells['reduce'] == TopEdges()(space(), scores(ROWS)).cells['reduce']


def published(
    rows: list[list[float]], num_nodes: int, most: int
) -> list[tuple[tuple[str, int], ...]]:
    """The rule as it is published: zero the weakest chosen skip, and choose anew."""
    rows = [list(row) for row in rows]
    while True:
        nodes, chosen, first = [], [], 0
        for node in range(2, 2 + num_nodes):
            edges = range(first, first + node)
            first += node
            best = {e: max((0, 1), key=lambda o, e=e: rows[e][o]) for e in edges}
            strongest = sorted(edges, key=lambda e: -rows[e][best[e]])[:2]
            nodes.append(tuple((OPS[best[e]], e - edges[0]) for e in sorted(strongest)))
            chosen += [e for e in strongest if best[e] == 0]
        if len(chosen) <= most:
            return nodes
        rows[min(chosen, key=lambda e: rows[e][0])][0] = 0.0


@pytest.mark.parametrize('most', [0, 1, 2, 5])
def test_it_is_the_published_rule(most: int) -> None:
    generator = torch.Generator().manual_seed(most)
    for _ in range(50):
        random = torch.rand(14, 3, generator=generator) * torch.tensor([1.0, 0.7, 1.0])
        found = MaxSkips(most)(space(4), scores(random.tolist()))
        assert list(found.cells['normal'].nodes) == published(random.tolist(), 4, most)
        assert len(skips(found.cells['normal'])) <= most


def test_edge_weights_take_part() -> None:
    weights = {'normal': torch.tensor([0.1, 1.0, 0.5, 0.5, 0.0]), 'reduce': None}
    found = MaxSkips(3)(space(), scores(ROWS), weights)
    assert skips(found.cells['normal']) == {(2, 1), (3, 0), (3, 1)}


def test_of_skips_that_tie_the_last_goes_first() -> None:
    rows = [[0.5, 0.1, 0.0]] * 2 + [[0.5 * (1 + 1e-7), 0.1, 0.0]] * 2 + [[0.0, 0.4, 0.0]]
    found = MaxSkips(3)(space(), scores(rows), tie_rtol=1e-5)
    assert skips(found.cells['normal']) == {(2, 0), (2, 1), (3, 0)}


def test_an_edge_with_nothing_else_to_choose_gives_way() -> None:
    few = [list(OPS)] * 2 + [[SKIP, 'none'], list(OPS), list(OPS)]
    lists = {'normal': few, 'reduce': [list(OPS)] * 5}
    rows = [[0.9, 0.8, 0.0], [0.9, 0.8, 0.0], [0.3, 0.0, 0.0], [0.2, 0.1, 0.0], [0.1, 0.05, 0.0]]
    found = MaxSkips(0)(space(candidates=lists), scores(rows))
    assert found.cells['normal'].nodes[1] == (('sep_conv_3x3', 1), ('sep_conv_3x3', 2))


def test_cells_that_must_hold_more_are_refused() -> None:
    lists = {'normal': [[SKIP]] * 2 + [list(OPS)] * 3, 'reduce': [list(OPS)] * 5}
    with pytest.raises(InvalidValueError, match=r"most=1, but cell 'normal' must keep 2 edges"):
        MaxSkips(1).check_space(space(candidates=lists))
    MaxSkips(2).check_space(space(candidates=lists))


@pytest.mark.parametrize('criterion', ['Magnitude', 'OperationStrength', 'LossChange'])
def test_every_criterion_may_decide(criterion: str) -> None:
    panel = Panel({'type': criterion}, derivation={'type': 'MaxSkips', 'most': 2})
    panel.check_derivation(space())


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InvalidValueError, match=r'derivation\.most=-1, expected a number of edges'):
        MaxSkips(-1)
    other = build_space({'type': 'NASBench201Space'})
    with pytest.raises(UnknownNameError, match=r"derivation\.cells: 'normal'.*cell"):
        MaxSkips().check_space(other)
    with pytest.raises(UnknownNameError, match=r"derivation\.op='skip_conect'\. Did you mean"):
        MaxSkips(op='skip_conect').check_space(space())
    with pytest.raises(InvalidValueError, match=r'which DARTSSpace fixes'):
        MaxSkips(max_edges=2).check_space(space())

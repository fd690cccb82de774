"""From scores to cells: by hand, and against the enumeration of all derived cells."""

from itertools import combinations, product

import pytest
import torch
from torch import Tensor

from ostrdet.selection import discretize
from ostrdet.spaces import DARTSSpace, NASBench201Space, SearchSpace

NB201 = NASBench201Space()
SMALL_DARTS = DARTSSpace(ops=('none', 'skip_connect', 'sep_conv_3x3'), num_nodes=2)
SPACES = {
    'NAS-Bench-201': NB201,
    'NAS-Bench-201 without none': NASBench201Space(num_nodes=2, unselectable=('none',)),
    'DARTS': DARTSSpace(),
    'small DARTS': SMALL_DARTS,
}


def both(scores: Tensor) -> dict[str, Tensor]:
    return {'normal': scores, 'reduce': scores}


def random_scores(space: SearchSpace, seed: int, integers: bool) -> dict[str, Tensor]:
    """Continuous scores; or a few integers, so that most comparisons are ties."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {name: (len(spec.edges), len(space.ops)) for name, spec in space.cells.items()}
    if integers:
        return {n: torch.randint(3, shape, generator=generator) for n, shape in shapes.items()}
    return {name: torch.rand(shape, generator=generator) for name, shape in shapes.items()}


def best_by_enumeration(
    space: SearchSpace, cell_type: str, scores_EO: Tensor, weights_E: Tensor
) -> tuple[tuple[tuple[str, int], ...], ...]:
    """For each node, the first of all its derived forms whose weighted scores have the highest sum.

    With positive weights this is the rule of DARTS: every edge contributes most by its best
    operation, and the sum is highest for the edges that contribute most.
    """
    spec = space.cells[cell_type]
    nodes = []
    for node in spec.nodes:
        incoming = [index for index, edge in enumerate(spec.edges) if edge.target == node]
        forms = [
            tuple(zip(ops, edges, strict=True))
            for edges in combinations(incoming, spec.kept(node))
            for ops in product(space.selectable_ops, repeat=spec.kept(node))
        ]
        totals = [
            sum((weights_E[e] * scores_EO[e, space.ops.index(op)]).item() for op, e in form)
            for form in forms
        ]
        best = forms[totals.index(max(totals))]
        nodes.append(tuple((op, spec.edges[e].source) for op, e in best))
    return tuple(nodes)


@pytest.mark.parametrize('space', SPACES.values(), ids=SPACES)
@pytest.mark.parametrize('integers', [False, True])
@pytest.mark.parametrize('weighted', [False, True])
@pytest.mark.parametrize('seed', range(3))
def test_cells_are_the_best_of_all_derived_cells(
    space: SearchSpace, integers: bool, weighted: bool, seed: int
) -> None:
    scores = random_scores(space, seed, integers)
    generator = torch.Generator().manual_seed(seed)
    weights = {
        name: torch.randint(1, 3, (len(spec.edges),), generator=generator) if weighted else None
        for name, spec in space.cells.items()
    }
    genotype = discretize(space, scores, weights)
    space.validate(genotype)
    for name, spec in space.cells.items():
        weights_E = weights[name] if weighted else torch.ones(len(spec.edges), dtype=torch.int)
        assert weights_E is not None
        expected = best_by_enumeration(space, name, scores[name], weights_E)
        assert genotype.cells[name].nodes == expected
        assert genotype.cells[name].output == spec.output


def test_every_edge_of_nasbench201_takes_its_best_operation_none_included() -> None:
    scores_EO = torch.tensor(
        [
            [0.9, 0.1, 0.2, 0.3, 0.4],
            [0.1, 0.9, 0.2, 0.3, 0.4],
            [0.1, 0.2, 0.9, 0.3, 0.4],
            [0.1, 0.2, 0.3, 0.9, 0.4],
            [0.1, 0.2, 0.3, 0.4, 0.9],
            [0.9, 0.8, 0.7, 0.6, 0.5],
        ]
    )
    genotype = discretize(NB201, {'cell': scores_EO})
    assert NB201.format(genotype) == (
        '|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|'
    )
    assert genotype.space == NB201.to_config()


# Edges by target: 0-2, 1-2, 0-3, 1-3, 2-3. Operations: none, skip_connect, sep_conv_3x3.
SMALL_SCORES_EO = torch.tensor(
    [[9.0, 0.2, 0.1], [9.0, 0.3, 0.4], [9.0, 0.5, 0.6], [9.0, 0.8, 0.7], [9.0, 0.1, 0.9]]
)


def test_a_darts_node_keeps_its_two_best_edges_and_never_none() -> None:
    genotype = discretize(SMALL_DARTS, both(SMALL_SCORES_EO))
    assert genotype.cells['normal'].nodes == (
        (('skip_connect', 0), ('sep_conv_3x3', 1)),
        (('skip_connect', 1), ('sep_conv_3x3', 2)),
    )
    assert genotype.cells['normal'].output == (2, 3)


def test_the_score_of_none_counts_neither_for_operations_nor_for_edges() -> None:
    genotype = discretize(SMALL_DARTS, both(SMALL_SCORES_EO))
    for none in (-1.0, 1e30, float('inf'), float('nan')):
        scores_EO = SMALL_SCORES_EO.clone()
        scores_EO[2, 0] = none
        assert discretize(SMALL_DARTS, both(scores_EO)) == genotype


def test_every_cell_type_has_its_own_scores() -> None:
    scores = {'normal': SMALL_SCORES_EO, 'reduce': SMALL_SCORES_EO[:, [0, 2, 1]]}
    genotype = discretize(SMALL_DARTS, scores)
    assert genotype.cells['reduce'].nodes == (
        (('sep_conv_3x3', 0), ('skip_connect', 1)),
        (('sep_conv_3x3', 1), ('skip_connect', 2)),
    )


def test_edge_weights_change_which_edges_stay_but_not_their_operations() -> None:
    weights_E = torch.tensor([0.5, 0.5, 0.6, 0.2, 0.2])
    genotype = discretize(SMALL_DARTS, both(SMALL_SCORES_EO), {'normal': weights_E, 'reduce': None})
    # 0.6 x 0.6 and 0.9 x 0.2 beat 0.8 x 0.2
    assert genotype.cells['normal'].nodes[1] == (('sep_conv_3x3', 0), ('sep_conv_3x3', 2))
    assert genotype.cells['reduce'].nodes[1] == (('skip_connect', 1), ('sep_conv_3x3', 2))


def test_the_edges_of_a_node_are_listed_by_source_whichever_is_stronger() -> None:
    strong_first, strong_last = SMALL_SCORES_EO.clone(), SMALL_SCORES_EO.clone()
    strong_first[0, 1], strong_last[1, 2] = 7.0, 7.0
    assert discretize(SMALL_DARTS, both(strong_first)) == discretize(SMALL_DARTS, both(strong_last))


@pytest.mark.parametrize('value', [0.0, 1.0, -1.0])
def test_all_ties_go_to_the_first_operation_and_the_first_edges(value: float) -> None:
    scores_EO = torch.full((14, 8), value)
    genotype = discretize(DARTSSpace(), both(scores_EO))
    assert genotype.cells['normal'].nodes == ((('max_pool_3x3', 0), ('max_pool_3x3', 1)),) * 4
    nb201 = discretize(NB201, {'cell': torch.full((6, 5), value)})
    assert NB201.format(nb201) == '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|'


@pytest.mark.parametrize('scale', [1.0, 1e-12, 1e12, -1.0])
def test_a_tolerance_is_relative_to_the_best_score(scale: float) -> None:
    scores_EO = torch.full((6, 5), scale, dtype=torch.float64)
    best = 1.0 if scale > 0 else -1.0
    scores_EO[:, 3] *= 1 + best * 5e-6
    scores_EO[5, 3] = scale * (1 + best * 2e-5)
    genotype = discretize(NB201, {'cell': scores_EO}, tie_rtol=1e-5)
    assert NB201.format(genotype) == '|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|'
    exact = discretize(NB201, {'cell': scores_EO})
    assert {op for node in exact.cells['cell'].nodes for op, _ in node} == {'nor_conv_3x3'}


def test_edges_tie_as_operations_do() -> None:
    scores_EO = torch.ones(5, 3, dtype=torch.float64)
    scores_EO[4] *= 1 + 5e-6
    genotype = discretize(SMALL_DARTS, both(scores_EO), tie_rtol=1e-5)
    assert genotype.cells['normal'].nodes[1] == (('skip_connect', 0), ('skip_connect', 1))
    scores_EO[4] *= 1 + 2e-5
    genotype = discretize(SMALL_DARTS, both(scores_EO), tie_rtol=1e-5)
    assert genotype.cells['normal'].nodes[1] == (('skip_connect', 0), ('skip_connect', 2))


def test_the_order_of_the_operations_is_that_of_the_space() -> None:
    space = NASBench201Space(ops=('nor_conv_3x3', 'none'))
    genotype = discretize(space, {'cell': torch.ones(6, 2)})
    assert {op for node in genotype.cells['cell'].nodes for op, _ in node} == {'nor_conv_3x3'}


@pytest.mark.parametrize('names', [('normal',), ('normal', 'reduce', 'cell'), ('cell',), ()])
def test_missing_and_unknown_cell_types_are_named(names: tuple[str, ...]) -> None:
    found = r"has the cell types \[{}\], DARTSSpace has \['normal', 'reduce'\]".format(
        ', '.join(f"'{name}'" for name in sorted(names))
    )
    with pytest.raises(ValueError, match=f'^scores {found}'):
        discretize(SMALL_DARTS, dict.fromkeys(names, SMALL_SCORES_EO))
    with pytest.raises(ValueError, match=f'^edge_weights {found}'):
        discretize(SMALL_DARTS, both(SMALL_SCORES_EO), dict.fromkeys(names))


@pytest.mark.parametrize('shape', [(5, 2), (4, 3), (3, 5), (5,), (5, 3, 1)])
def test_scores_of_another_shape_are_rejected(shape: tuple[int, ...]) -> None:
    scores = {'normal': SMALL_SCORES_EO, 'reduce': torch.zeros(shape)}
    with pytest.raises(ValueError, match=r"scores\['reduce'\] has the shape .* expected \(5, 3\)"):
        discretize(SMALL_DARTS, scores)


def test_edge_weights_of_another_shape_are_rejected() -> None:
    weights = {'normal': torch.ones(5, 1), 'reduce': None}
    with pytest.raises(ValueError, match=r"edge_weights\['normal'\] has the shape \(5, 1\), exp"):
        discretize(SMALL_DARTS, both(SMALL_SCORES_EO), weights)


@pytest.mark.parametrize('value', ['nan', 'inf', '-inf'])
def test_a_score_that_is_not_finite_is_named_by_cell_edge_and_operation(value: str) -> None:
    scores_EO = SMALL_SCORES_EO.clone()
    scores_EO[3, 2] = float(value)
    scores = {'normal': SMALL_SCORES_EO, 'reduce': scores_EO}
    where = r"cell 'reduce', edge 3 \(Edge\(source=1, target=3\)\), op 'sep_conv_3x3' is "
    with pytest.raises(ValueError, match=where + value):
        discretize(SMALL_DARTS, scores)


def test_an_edge_weight_that_is_not_finite_is_named_by_cell_and_edge() -> None:
    weights = both(torch.tensor([1.0, 1.0, float('nan'), 1.0, 1.0]))
    with pytest.raises(ValueError, match=r"the weight of cell 'normal', edge 2 \(Edge\(.* is nan"):
        discretize(SMALL_DARTS, both(SMALL_SCORES_EO), weights)

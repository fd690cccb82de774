"""Cells with any number of edges a node, and with all of them: rules, texts, networks."""

from dataclasses import replace

import pytest
import torch

from ostrdet.errors import GenotypeError
from ostrdet.evaluation.complexity import complexity
from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.selection import discretize
from ostrdet.spaces import DARTSSpace, DenseDARTSSpace, SparseDARTSSpace
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures import CellGenotype, Genotype

SPARSE, DENSE = SparseDARTSSpace(), DenseDARTSSpace()
#: Node 3 has no inputs; node 5 has all that are left.
LOOSE = CellGenotype(
    (
        (('sep_conv_3x3', 0),),
        (),
        (('skip_connect', 2), ('dil_conv_3x3', 1)),
        (('skip_connect', 0), ('sep_conv_3x3', 1), ('max_pool_3x3', 2), ('skip_connect', 4)),
    ),
    (2, 4, 5),
)
SPARSE_GENOTYPE = Genotype(SPARSE.to_config(), {'normal': LOOSE, 'reduce': LOOSE})


def changed(node: int, *edges: tuple[str, int], output: tuple[int, ...] = (2, 4, 5)) -> Genotype:
    """The sparse genotype with other edges of a node of the normal cell."""
    nodes = [edges if index == node else old for index, old in enumerate(LOOSE.nodes, start=2)]
    cells = {**SPARSE_GENOTYPE.cells, 'normal': CellGenotype(tuple(nodes), output)}
    return replace(SPARSE_GENOTYPE, cells=cells)


def all_edges(op: str) -> CellGenotype:
    return CellGenotype(tuple(tuple((op, s) for s in range(n)) for n in range(2, 6)), (2, 3, 4, 5))


def test_nodes_of_any_in_degree_belong_to_the_sparse_space_alone() -> None:
    SPARSE.validate(SPARSE_GENOTYPE)
    for space in (DARTSSpace(), DENSE):
        with pytest.raises(GenotypeError, match="cell 'normal', node 2 has 1 edges, expected 2"):
            space.validate(SPARSE_GENOTYPE)


@pytest.mark.parametrize(
    ('genotype', 'message'),
    [
        (changed(5, ('skip_connect', 3)), 'node 5 reads node 3, which has no inputs'),
        (changed(2, output=(4, 5)), 'node 4 reads node 2, which has no inputs'),
        (changed(3, output=(2, 3, 5)), 'puts out node 3, which has no inputs and so is no state'),
        (changed(3, ('none', 0)), "node 3: 'none' is never selected in SparseDARTSSpace"),
        (changed(3, ('skip_connect', 3)), r'node 3 reads node 3, expected one of 0\.\.2'),
        (changed(3, ('skip_connect', 0), ('sep_conv_3x3', 0)), 'node 3 reads a node twice'),
        (changed(3, output=()), r'puts out the nodes \[\]'),
    ],
)
def test_a_sparse_cell_reads_and_puts_out_states_alone(genotype: Genotype, message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        SPARSE.validate(genotype)


def test_none_may_be_allowed_by_config() -> None:
    space = SparseDARTSSpace(unselectable=())
    genotype = changed(3, ('none', 0), ('none', 1), output=(2, 3, 4, 5))
    space.validate(replace(genotype, space=space.to_config()))


def test_the_sparse_text_is_read_without_a_word_on_the_space() -> None:
    text = SPARSE.format(SPARSE_GENOTYPE)
    assert text.startswith("Genotype(normal=[('sep_conv_3x3', 2, 0), ('skip_connect', 4, 2), ")
    assert get_genotype(text) == SPARSE.parse(text) == SPARSE_GENOTYPE


def test_a_dense_cell_keeps_all_edges_and_may_hold_none() -> None:
    cells = {'normal': all_edges('none'), 'reduce': all_edges('sep_conv_3x3')}
    genotype = Genotype(DENSE.to_config(), cells)
    DENSE.validate(genotype)
    text = DENSE.format(genotype)
    assert text.count("('none', ") == 14
    assert get_genotype(text) == genotype
    short = replace(cells['normal'], nodes=(*cells['normal'].nodes[:3], (('none', 0),) * 4))
    with pytest.raises(GenotypeError, match='node 5 has 4 edges, expected 5'):
        DENSE.validate(Genotype(DENSE.to_config(), {**cells, 'normal': short}))


def test_a_network_skips_the_nodes_without_inputs() -> None:
    """The same edges in a cell whose node 3 does not exist give the same features, to the bit."""
    three = CellGenotype(
        (
            (('sep_conv_3x3', 0),),
            (('skip_connect', 2), ('dil_conv_3x3', 1)),
            (('skip_connect', 0), ('sep_conv_3x3', 1), ('max_pool_3x3', 2), ('skip_connect', 3)),
        ),
        (2, 3, 4),
    )
    space = SparseDARTSSpace(num_nodes=3)
    without = Genotype(space.to_config(), {'normal': three, 'reduce': three})
    nets = [DerivedCellBackbone(genotype, 4, 3) for genotype in (SPARSE_GENOTYPE, without)]
    nets[1].load_state_dict(nets[0].state_dict())
    images = torch.randn(2, 3, 8, 8)
    (features,), (expected,) = (net.eval()(images) for net in nets)
    assert features.shape == (2, 3 * 16, 2, 2)
    assert torch.equal(features, expected)


def test_edges_of_none_add_nothing() -> None:
    """SNAS' mild cell with all edges computes what it does without those of 'none'."""
    dense = get_genotype('snas_mild_edge-all')
    cells = {
        name: CellGenotype(
            tuple(tuple(edge for edge in node if edge[0] != 'none') for node in cell.nodes),
            cell.output,
        )
        for name, cell in dense.cells.items()
    }
    nets = [
        DerivedCellBackbone(genotype, 4, 3)
        for genotype in (dense, Genotype(SPARSE.to_config(), cells))
    ]
    weights = nets[0].parameters(), nets[1].parameters()
    for mine, other in zip(*weights, strict=True):
        other.data.copy_(mine.data)
    images = torch.randn(2, 3, 8, 8)
    (features,), (expected,) = (net.eval()(images) for net in nets)
    torch.testing.assert_close(features, expected)


def test_fair_darts_b_has_its_published_size_on_imagenet() -> None:
    size = complexity(get_genotype('fairdarts_b'), 'imagenet')
    assert (round(size.macs / 1e6, 1), round(size.params / 1e6, 2)) == (541.2, 4.87)


@pytest.mark.parametrize('space', [SPARSE, DENSE], ids=['sparse', 'dense'])
def test_a_search_keeps_every_edge(space: DARTSSpace) -> None:
    """Until a rule drops edges, the best operation of each is kept."""
    scores = {name: torch.rand(14, len(space.ops)) for name in space.cells}
    genotype = discretize(space, scores)
    space.validate(genotype)
    assert {len(node) for cell in genotype.cells.values() for node in cell.nodes} == {2, 3, 4, 5}

"""The NASNet space, and the two published cells that need it."""

import pytest

from ostrdet.errors import GenotypeError
from ostrdet.spaces import DARTSSpace, NASNetSpace

# NASNet-A reads a node twice, AmoebaNet-A leaves nodes out of the concatenation of both cells.
NASNET_A = (
    "Genotype(normal=[('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('sep_conv_5x5', 0), "
    "('sep_conv_3x3', 0), ('avg_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), "
    "('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('skip_connect', 1)], "
    'normal_concat=[2, 3, 4, 5, 6], '
    "reduce=[('sep_conv_5x5', 1), ('sep_conv_7x7', 0), ('max_pool_3x3', 1), ('sep_conv_7x7', 0), "
    "('avg_pool_3x3', 1), ('sep_conv_5x5', 0), ('skip_connect', 3), ('avg_pool_3x3', 2), "
    "('sep_conv_3x3', 2), ('max_pool_3x3', 1)], reduce_concat=[4, 5, 6])"
)
AMOEBANET_A = (
    "Genotype(normal=[('avg_pool_3x3', 0), ('max_pool_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('avg_pool_3x3', 3), ('sep_conv_3x3', 1), "
    "('skip_connect', 1), ('skip_connect', 0), ('avg_pool_3x3', 1)], normal_concat=[4, 5, 6], "
    "reduce=[('avg_pool_3x3', 0), ('sep_conv_3x3', 1), ('max_pool_3x3', 0), ('sep_conv_7x7', 2), "
    "('sep_conv_7x7', 0), ('avg_pool_3x3', 1), ('max_pool_3x3', 0), ('max_pool_3x3', 1), "
    "('conv_7x1_1x7', 0), ('sep_conv_3x3', 5)], reduce_concat=[3, 4, 6])"
)


def test_it_is_the_darts_space_with_five_nodes_and_two_more_operations() -> None:
    space = NASNetSpace()
    assert space.ops == (*DARTSSpace().ops, 'sep_conv_7x7', 'conv_7x1_1x7')
    assert {len(spec.edges) for spec in space.cells.values()} == {2 + 3 + 4 + 5 + 6}
    assert space.plan('CIFARStem', 36, 20).output.channels == 5 * 144


@pytest.mark.parametrize('text', [NASNET_A, AMOEBANET_A])
def test_the_published_cells_round_trip(text: str) -> None:
    space = NASNetSpace()
    assert space.format(space.parse(text)) == text


def test_only_this_space_lets_a_node_read_another_twice() -> None:
    strict = DARTSSpace(ops=NASNetSpace().ops, num_nodes=5)
    with pytest.raises(GenotypeError, match=r"cell 'normal', node 3 reads a node twice: \[0, 0\]"):
        strict.parse(NASNET_A)

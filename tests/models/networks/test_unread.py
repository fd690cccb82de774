"""What a derived network freezes as unread, against autograd; and the cells that have such parts."""

import itertools
import random
from typing import Any

import pytest
import torch

from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.models.networks.unread import nodes_read
from ostrdet.spaces import NASBench201Space
from ostrdet.structures import Edge

SPACE = NASBench201Space()
EDGES = SPACE.cells['cell'].edges
NAS_BENCH = list(itertools.product(SPACE.ops, repeat=len(EDGES)))
#: In the middle, at the input, at one place, and a cell that reads all.
CHOSEN = (
    ('none',) * 6,
    ('nor_conv_3x3', 'nor_conv_1x1', 'none', 'skip_connect', 'none', 'nor_conv_3x3'),
    ('nor_conv_3x3', 'none', 'nor_conv_1x1', 'none', 'none', 'nor_conv_1x1'),
    ('none', 'none', 'nor_conv_3x3', 'none', 'none', 'nor_conv_3x3'),
    ('nor_conv_1x1',) * 6,
)
SOME = (*CHOSEN, *random.Random(0).sample(NAS_BENCH, 40))
#: Nodes that nothing reads: 3 of the normal cell, 2 and 4 of the reduction cell.
LOOSE = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 2), ('skip_connect', 1), "
    "('dil_conv_3x3', 2)], normal_concat=[4, 5], reduce=[('sep_conv_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 1), "
    "('skip_connect', 0), ('skip_connect', 1), ('dil_conv_3x3', 3)], reduce_concat=[5])"
)


def text_of(ops: Any) -> str:
    a, *rest = ops
    return f'|{a}~0|+|{rest[0]}~0|{rest[1]}~1|+|{rest[2]}~0|{rest[3]}~1|{rest[4]}~2|'


def without_gradient(net: DerivedCellBackbone) -> set[str]:
    """The weights of which no output is a function, as autograd knows."""
    frozen = {name: weight for name, weight in net.named_parameters() if not weight.requires_grad}
    net.requires_grad_(True)
    outputs = net.train()(torch.randn(2, 3, 32, 32))
    names, weights = zip(*net.named_parameters(), strict=True)
    grads: Any = [None] * len(names)
    if any(x.requires_grad for x in outputs):
        loss = sum(x.square().sum() for x in outputs)
        grads = torch.autograd.grad(loss, weights, allow_unused=True)
    for weight in frozen.values():
        weight.requires_grad_(False)
    return {name for name, grad in zip(names, grads, strict=True) if grad is None}


def frozen_in(net: DerivedCellBackbone) -> set[str]:
    return {name for name, weight in net.named_parameters() if not weight.requires_grad}


@pytest.mark.parametrize('ops', SOME, ids=map(text_of, SOME))
@pytest.mark.parametrize('out_indices', [(-1,), (0, 1)])
def test_cells_of_nas_bench_201(ops: Any, out_indices: tuple[int, ...]) -> None:
    net = DerivedCellBackbone(text_of(ops), 2, 1, out_indices=out_indices)
    frozen = frozen_in(net)
    assert frozen == without_gradient(net)
    if ops == CHOSEN[1] and out_indices == (-1,):
        assert frozen
        assert all('.edges.0.' in name for name in frozen)
    if ops == CHOSEN[-1] and out_indices == (-1,):
        assert not frozen


@pytest.mark.parametrize('aux_feature', [False, True])
@pytest.mark.parametrize('out_indices', [(-1,), (0,), (0, 2)])
@pytest.mark.parametrize('genotype', [LOOSE, 'darts_v2'])
def test_loose_ends_of_the_darts_space(
    genotype: str, out_indices: tuple[int, ...], aux_feature: bool
) -> None:
    net = DerivedCellBackbone(genotype, 4, 6, out_indices=out_indices, aux_feature=aux_feature)
    frozen = frozen_in(net)
    assert frozen == without_gradient(net)
    assert bool(frozen) == (genotype == LOOSE or out_indices == (0,))


def test_2290_cells_of_nas_bench_201_have_convolutions_that_nothing_reads() -> None:
    found = 0
    for ops in NAS_BENCH:
        nodes = nodes_read(EDGES, [op == 'none' for op in ops], SPACE.cells['cell'].output)
        unread = (edge.target not in nodes for edge in EDGES)
        found += any(u and op.startswith('nor') for u, op in zip(unread, ops, strict=True))
    assert (len(NAS_BENCH), found) == (15_625, 2290)


def test_nodes_are_read_through_others_and_in_any_order() -> None:
    edges = [Edge(2, 3), Edge(0, 1), Edge(1, 2), Edge(0, 3)]
    assert nodes_read(edges, [False] * 4, [3]) == {0, 1, 2, 3}
    assert nodes_read(edges, [True, False, False, False], [3]) == {0, 3}
    assert nodes_read(edges, [False, False, True, True], [3]) == {2, 3}
    assert nodes_read(edges, [True] * 4, [1, 2]) == {1, 2}

"""The search down the tree of operations: what is tried, in which order, and what it finds."""

import itertools
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher, SupernetProbe
from ostrdet.selection import TreeSearch, discretize
from ostrdet.selection.tree import Left, descend, groups, restricted
from ostrdet.spaces import DARTSSpace, NASBench201Space
from ostrdet.structures import ArchState
from ostrdet.structures.probe import Measured, Probe
from tests.fixtures.vectors import vectors

pytestmark = pytest.mark.usefixtures('float64')


def test_groups_of_operations() -> None:
    known = vectors('tnas_groups')
    alpha = known['alpha']
    order = sorted(range(len(alpha)), key=alpha.__getitem__, reverse=True)
    assert list(groups(order)) == known['groups']
    tried: list[Left] = []

    def worth(left: Left) -> float:
        tried.append(left)
        return 0.0

    for depth, key in ((6, 'product_of_groups_d6'), (4, 'leaves_d4')):
        tried.clear()
        descend([order] * depth, worth, depth, Random(0))
        first = tried[: known[key]]
        assert len({str(left) for left in first}) == known[key]
        assert all(sorted(map(len, left)) <= [3] * depth for left in first)
        assert all(ops in known['groups'] for left in first for ops in left)


@pytest.mark.parametrize('depth', [1, 2, 4, 9])
def test_a_sum_over_edges_is_maximised(depth: int) -> None:
    random = Random(1)
    values = [[random.random() for _ in range(5)] for _ in range(6)]

    def worth(left: Left) -> float:
        """The best that is left, edge by edge: groups do not hide their best member."""
        return sum(max(row[op] for op in ops) for row, ops in zip(values, left, strict=True))

    found = descend([list(range(5))] * 6, worth, depth, Random(depth))
    assert found == [[max(range(5), key=row.__getitem__)] for row in values]


def test_equal_combinations_leave_the_better_groups() -> None:
    assert descend([[2, 0, 1], [1, 0]], lambda left: 0.0, 1, Random(0)) == [[2], [1]]


def test_weights_of_a_group_are_those_of_the_search() -> None:
    p_EO = torch.tensor([[0.1, 0.2, 0.3], [0.5, 0.1, 0.4]])
    found = restricted({'cell': p_EO}, {('cell', 0): [0, 1], ('cell', 1): [2]})['cell']
    torch.testing.assert_close(found, torch.tensor([[0.2, 0.4, 0.0], [0.0, 0.0, 1.0]]))


class LikesConvs(Probe):
    """The accuracy is the weight of 3x3 convolutions."""

    num_batches, num_classes, forward_passes = 1, 10, 0

    def __init__(self, space: Any, op: str) -> None:
        self.space, self.column = space, space.ops.index(op)

    def measure(
        self,
        op_weights: Mapping[str, Tensor],
        batches: Sequence[int] | None = None,
        statistics: str = 'batch',
    ) -> Measured:
        self.forward_passes += 1
        found = sum(p_EO[:, self.column].sum() for p_EO in op_weights.values())
        return Measured(1 - found[None], found[None])

    def finetune(self, decisions: Any, epochs: int) -> dict[str, Tensor]:
        raise NotImplementedError


@pytest.mark.parametrize('measure', ['accuracy', 'loss'])
@pytest.mark.parametrize(
    ('space', 'op'), [(NASBench201Space(), 'nor_conv_3x3'), (DARTSSpace(), 'sep_conv_5x5')]
)
def test_the_best_operation_of_every_edge_is_kept(space: Any, op: str, measure: str) -> None:
    alphas = {n: torch.randn(len(s.edges), len(space.ops)) for n, s in space.cells.items()}
    weights = {name: alpha.softmax(-1) for name, alpha in alphas.items()}
    state = ArchState(alphas, weights, dict.fromkeys(alphas))
    judge, probe = TreeSearch(measure=measure), LikesConvs(space, op)
    judge.evaluate(probe, state)
    genotype = discretize(space, judge.scores(state))
    kept = [edge for cell in genotype.cells.values() for node in cell.nodes for edge in node]
    assert {name for name, _ in kept} == {op}
    assert probe.forward_passes == judge.facts['candidates']
    for name, spec in space.cells.items():  # of the edges, those of the largest weight
        for node, edges in zip(spec.nodes, genotype.cells[name].nodes, strict=True):
            p_E = weights[name][list(spec.incoming(node)), space.ops.index(op)]
            assert sorted(source for _, source in edges) == sorted(
                p_E.topk(len(edges)).indices.tolist()
            )


def test_a_tree_of_one_level_is_a_plain_loop_over_forwards() -> None:
    ops = ['skip_connect', 'nor_conv_3x3']
    space = {'type': 'NASBench201Space', 'num_nodes': 2, 'ops': ops}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    searcher = BilevelSearcher(net)
    data = [Batch(torch.randn(6, 3, 8, 8), torch.arange(6) % 3) for _ in range(2)]
    probe, state = SupernetProbe(searcher, data), searcher.arch_state()
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    judge = TreeSearch(measure='loss')
    judge.evaluate(probe, state)
    losses = {}
    for chosen in itertools.product(range(2), repeat=3):
        weights = {'cell': torch.nn.functional.one_hot(torch.tensor(chosen), 2).double()}
        losses[chosen] = probe.losses(weights).mean().item()
    best = min(losses, key=losses.__getitem__)
    assert judge.scores(state)['cell'].argmax(-1).tolist() == list(best)
    assert judge.facts == {'loss': pytest.approx(losses[best]), 'candidates': 8}
    assert all(torch.equal(value, before[name]) for name, value in searcher.state_dict().items())


def test_arguments_out_of_range_are_named() -> None:
    with pytest.raises(InvalidValueError, match='TreeSearch: depth=0, expected an integer from 1'):
        TreeSearch(depth=0)
    with pytest.raises(InvalidValueError, match="TreeSearch: measure='acc'"):
        TreeSearch(measure='acc')

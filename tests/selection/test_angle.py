"""Evolution by the angle of weights: the angle of a cell against its weights written out."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.angle import angle, products
from ostrdet.models.searchers import BilevelSearcher, SupernetProbe
from ostrdet.selection import AngleEvolution, discretize
from ostrdet.spaces import NASBench201Space
from ostrdet.spaces.random_genotype import random_genotype
from ostrdet.spaces.sampling import has_path, paths_through
from ostrdet.structures import Genotype
from tests.fixtures.vectors import vectors

pytestmark = pytest.mark.usefixtures('float64')


def test_angle_of_two_vectors() -> None:
    known = vectors('angle')
    start, now = torch.tensor(known['w0']), torch.tensor(known['w'])
    assert angle(products(start, now)) == pytest.approx(known['angle'], abs=1e-12)
    assert angle(products(start, start)) == pytest.approx(0, abs=1e-7)
    assert angle(products(start, -start)) == pytest.approx(torch.pi, abs=1e-7)
    assert angle(products(start, 0 * start)) == 0


def paths(space: Any, genotype: Genotype, name: str) -> Iterator[list[int]]:
    """The edges of every path of a cell, by going back from its output."""
    spec, cell = space.cells[name], genotype.cells[name]

    def behind(node: int) -> Iterator[list[int]]:
        if node < spec.num_inputs:
            yield []
            return
        for op, source in cell.nodes[node - spec.num_inputs]:
            if op != 'none':
                for path in behind(source):
                    yield [*path, spec.incoming(node)[source]]

    for node in cell.output:
        yield from behind(node)


@pytest.mark.parametrize(
    ('space', 'mixed_op'),
    [
        ('NASBench201Space', {'type': 'MixedOp'}),
        ('NASBench201Space', {'type': 'PartialChannelMixedOp', 'k': 2}),
        ('DARTSSpace', {'type': 'AuxiliarySkipMixedOp'}),
    ],
)
def test_weights_of_an_edge_count_once_per_path(space: str, mixed_op: dict[str, Any]) -> None:
    net = {'type': 'Supernet', 'channels': 4, 'num_cells': 3, 'num_classes': 3}
    searcher = BilevelSearcher({**net, 'space': {'type': space}, 'mixed_op': mixed_op})
    network, judge = searcher.supernet, AngleEvolution()
    start = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    judge.begin(start)
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.3 * torch.randn_like(weight)
    probe, state = SupernetProbe(searcher, []), searcher.arch_state()
    judge.generations = 1
    judge.population = 2
    judge.evaluate(probe, state)
    plans = network.skeleton.plan.layers
    now = {name: weight.detach() for name, weight in network.named_parameters()}
    prefix = 'mixed_op.' if mixed_op['type'] != 'MixedOp' else ''
    for genotype in (random_genotype(searcher.space, seed) for seed in range(4)):
        names = [n for n, w in now.items() if w.dim() > 1 and '.candidates.' not in n]
        for index, plan in enumerate(plans):
            if not hasattr(plan, 'cell_type'):
                continue
            rows = {
                searcher.space.cells[plan.cell_type].incoming(node)[source]: op
                for node, edges in zip(
                    searcher.space.cells[plan.cell_type].nodes,
                    genotype.cells[plan.cell_type].nodes,
                    strict=True,
                )
                for op, source in edges
            }
            for path in paths(searcher.space, genotype, plan.cell_type):
                for edge in path:
                    op = searcher.space.ops.index(rows[edge])
                    here = f'skeleton.layers.{index}.edges.{edge}.{prefix}candidates.{op}.'
                    names += [n for n, w in now.items() if n.startswith(here) and w.dim() > 1]
        both = [torch.cat([of[name].flatten() for name in names]) for of in (start, now)]
        cosine = both[0] @ both[1] / (both[0].norm() * both[1].norm())
        assert judge.worth(probe, genotype, state.op_weights) == pytest.approx(
            cosine.clamp(-1, 1).acos().item(), abs=1e-12
        )


def test_every_path_of_a_cell_is_counted() -> None:
    space, ops = NASBench201Space(), ('none', 'skip_connect')
    for chosen in itertools.product(ops, repeat=6):
        left = iter(chosen)
        text = '+'.join('|' + ''.join(f'{next(left)}~{s}|' for s in range(n)) for n in (1, 2, 3))
        genotype = space.parse(text)
        found = [0] * 6
        for path in paths(space, genotype, 'cell'):
            for edge in path:
                found[edge] += 1
        assert paths_through(space, genotype) == {'cell': found}
        assert has_path(space, genotype) == any(found)


def small() -> tuple[Any, SupernetProbe]:
    space = {'type': 'NASBench201Space', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    searcher = BilevelSearcher(net)
    return searcher, SupernetProbe(searcher, [])


def test_the_cell_that_turned_most_is_found_and_goes_on_from_a_state() -> None:
    searcher, probe = small()
    judge = AngleEvolution(generations=5, population=25)
    judge.begin(dict(searcher.supernet.named_parameters()))
    column = searcher.space.ops.index('nor_conv_1x1')
    with torch.no_grad():
        for edge in searcher.supernet.skeleton.layers[0].edges:
            for weight in edge.candidates[column].parameters():
                weight.neg_()
    again = AngleEvolution(generations=5, population=25)
    again.load_state_dict(judge.state_dict())
    for one in (judge, again):
        one.evaluate(probe, searcher.arch_state())
        genotype = discretize(searcher.space, one.scores(searcher.arch_state()))
        assert searcher.space.format(genotype).count('nor_conv_1x1') > 0
        best = max(_all_angles(one, probe, searcher), key=lambda pair: pair[0])
        assert one.facts['angle'] == best[0]
    assert probe.forward_passes == 0
    assert judge.facts == again.facts
    assert judge.facts['candidates'] == 125


def _all_angles(judge: Any, probe: Any, searcher: Any) -> Iterator[tuple[float, str]]:
    space, like = searcher.space, searcher.arch_state().op_weights
    for ops in itertools.product(space.ops, repeat=3):
        genotype = space.parse(f'|{ops[0]}~0|+|{ops[1]}~0|{ops[2]}~1|')
        if has_path(space, genotype):
            yield judge.worth(probe, genotype, like), space.format(genotype)


def test_without_weights_at_the_start_it_says_so() -> None:
    searcher, probe = small()
    with pytest.raises(
        InvalidValueError, match='those at the start, which only a search that has it'
    ):
        AngleEvolution().evaluate(probe, searcher.arch_state())


def test_a_later_change_of_the_weights_leaves_those_at_the_start() -> None:
    weight: Tensor = torch.nn.Parameter(torch.ones(2, 2))
    judge = AngleEvolution()
    judge.begin({'w': weight, 'bias': torch.ones(2)})
    with torch.no_grad():
        weight.zero_()
    assert {n: w.tolist() for n, w in judge.state_dict()['start'].items()} == {
        'w': [[1, 1], [1, 1]]
    }

"""The expected cost: brute force over all cells, its gradient, its target, and weight 0."""

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.models.networks import Supernet
from ostrdet.models.networks.counting import network_costs
from ostrdet.models.regularizers import ExpectedCost
from ostrdet.models.weightings import MixWeights, SoftmaxWeighting
from ostrdet.spaces import DARTSSpace, SearchSpace, build_space
from ostrdet.structures import CellGenotype, Genotype, Layout
from ostrdet.structures.cell_costs import MACS, PARAMS

pytestmark = pytest.mark.usefixtures('float64')

SPACES = {
    'plain': {'type': 'NASBench201Space', 'num_nodes': 2},
    'darts': {
        'type': 'DARTSSpace',
        'num_nodes': 2,
        'ops': ['none', 'skip_connect', 'sep_conv_3x3'],
        'unselectable': [],
    },
}


def prepared(space: SearchSpace, cells: int = 1, size: int = 9, **options: Any) -> ExpectedCost:
    term = ExpectedCost(**options)
    term.prepare(Supernet(space, 4, cells, 3), size)
    return term


def mix_of(
    space: SearchSpace, edge_norm: bool = False
) -> tuple[dict[str, MixWeights], list[torch.Tensor]]:
    torch.manual_seed(1)
    mixes, leaves = {}, []
    for name, spec in space.cells.items():
        alpha_EO = torch.randn(len(spec.edges), len(space.ops), requires_grad=True)
        beta_E = torch.randn(len(spec.edges), requires_grad=True)
        mixes[name] = SoftmaxWeighting(edge_norm)(alpha_EO, beta_E, spec)
        leaves += [alpha_EO, beta_E] if edge_norm else [alpha_EO]
    return mixes, leaves


def cells_of(space: SearchSpace, name: str) -> Iterator[tuple[CellGenotype, list[list[int]]]]:
    """All cells of a type, and by node the sources that they keep."""
    spec = space.cells[name]
    by_node = []
    for node in spec.nodes:
        kept = itertools.combinations(range(node), spec.kept(node))
        by_node.append(
            [
                tuple(zip(ops, sources, strict=True))
                for sources in kept
                for ops in itertools.product(space.ops, repeat=len(sources))
            ]
        )
    for nodes in itertools.product(*by_node):
        yield CellGenotype(nodes, spec.output), [[s for _, s in edges] for edges in nodes]


def probability(space: SearchSpace, name: str, cell: CellGenotype, mix: MixWeights) -> float:
    """All sets of sources of a node are equally likely, and edges choose independently."""
    spec, found = space.cells[name], 1.0
    for node, edges in zip(spec.nodes, cell.nodes, strict=True):
        found /= math.comb(node, spec.kept(node))
        for op, source in edges:
            found *= mix.op_weights[spec.incoming(node)[source], space.ops.index(op)].item()
    return found


@pytest.mark.parametrize('unit', [MACS, PARAMS])
@pytest.mark.parametrize('name', SPACES)
def test_it_is_the_mean_over_all_genotypes(name: str, unit: str) -> None:
    space = build_space(SPACES[name])
    mixes, _ = mix_of(space)
    costs = network_costs(space, Layout('CIFARStem', 4, 3, 3, 9), unit)
    base = {cell_type: next(cells_of(space, cell_type))[0] for cell_type in space.cells}
    mean = float(costs.of(Genotype(space.to_config(), base)))
    for cell_type in space.cells:
        start = costs.of(Genotype(space.to_config(), base))
        for cell, _ in cells_of(space, cell_type):
            genotype = Genotype(space.to_config(), {**base, cell_type: cell})
            share = probability(space, cell_type, cell, mixes[cell_type])
            mean += share * (costs.of(genotype) - start)
    term = prepared(space, cells=3, unit=unit, form='linear')(mixes)
    assert term.item() * 1e6 == pytest.approx(mean, rel=1e-12)
    logarithm = prepared(space, cells=3, unit=unit)(mixes)
    assert logarithm.item() == pytest.approx(math.log(mean), rel=1e-12)


def test_the_form_of_snas_is_a_sum_of_logarithms_by_edge() -> None:
    space = build_space(SPACES['darts'])
    mixes, _ = mix_of(space)
    costs = network_costs(space, Layout('CIFARStem', 4, 3, 3, 9), MACS)
    expected = 0.0
    for name, mix in mixes.items():
        for cell in costs.cells[name]:
            for row, weights in zip(cell, mix.op_weights.tolist(), strict=True):
                cost = sum(p * c for p, c in zip(weights, row, strict=True))
                expected += math.log(max(cost, 1)) / len(costs.cells[name])
    term = prepared(space, cells=3, form='log_edges')(mixes)
    assert term.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize('edge_norm', [False, True])
@pytest.mark.parametrize(
    'options',
    [
        {'form': 'linear'},
        {'form': 'log'},
        {'form': 'log_edges'},
        {'form': 'log', 'unit': 'params'},
        {'form': 'linear', 'target': 50},
        {'form': 'log', 'target': 50},
    ],
)
def test_its_gradient_is_that_of_finite_differences(
    options: dict[str, Any], edge_norm: bool
) -> None:
    space = build_space(SPACES['darts'])
    term, (_, leaves) = prepared(space, cells=3, **options), mix_of(space, edge_norm)
    step = 2 if edge_norm else 1

    def value(*leaves: torch.Tensor) -> torch.Tensor:
        weighting = SoftmaxWeighting(edge_norm)
        return term(
            {
                name: weighting(
                    leaves[step * i], leaves[-1] if step == 1 else leaves[2 * i + 1], spec
                )
                for i, (name, spec) in enumerate(space.cells.items())
            }
        )

    assert torch.autograd.gradcheck(value, tuple(leaves), rtol=1e-5, atol=1e-8)
    moved = torch.autograd.grad(value(*leaves), leaves, allow_unused=True, materialize_grads=True)
    assert moved[0].abs().sum() > 0
    if edge_norm and options['form'] != 'log_edges':
        assert moved[1].abs().sum() > 0


def test_edges_count_by_their_weights() -> None:
    space = DARTSSpace(num_nodes=2, ops=('skip_connect', 'sep_conv_3x3'), unselectable=())
    term = prepared(space, cells=3, form='linear')
    convs = torch.tensor([[0.0, 1.0]] * 5)
    one_edge = term.get_buffer('costs_normal')[0, 0, 1].item()
    skips = torch.tensor([[1.0, 0.0]] * 5)
    even = MixWeights(convs, torch.tensor([0.5, 0.5, 0.2, 0.3, 0.5]))
    reduce = MixWeights(skips, even.edge_weights)
    cheap = {'normal': reduce, 'reduce': reduce}  # identities at stride 1
    found = 1e6 * (term({**cheap, 'normal': even}) - term(cheap)).item()
    assert found == pytest.approx(4 * one_edge, rel=1e-12)


def test_it_is_zero_up_to_the_target() -> None:
    space = build_space(SPACES['plain'])
    mixes, leaves = mix_of(space)
    total = 1e6 * prepared(space, form='linear')(mixes).item()
    for form in ('linear', 'log'):
        below = prepared(space, form=form, target=int(total) + 1)(mixes)
        assert below.item() == 0
        assert not torch.autograd.grad(below, leaves, retain_graph=True)[0].any()
        above = prepared(space, form=form, target=10_000)(mixes).item()
        ratio = total / 10_000
        assert above == pytest.approx(math.log(ratio) if form == 'log' else ratio - 1, rel=1e-12)


def test_a_layout_takes_the_place_of_the_supernet() -> None:
    space = build_space(SPACES['plain'])
    term = prepared(space, layout='imagenet16_120', unit='params')
    assert term.fixed == network_costs(space, space.layout('imagenet16_120'), PARAMS).fixed
    with pytest.raises(UnknownNameError, match="unknown layout 'imagenet'"):
        ExpectedCost(layout='imagenet').check_space(space)


def test_milliseconds_come_from_the_table(tmp_path: Path) -> None:
    file = tmp_path / 'table.csv'
    rows = [f'{op},{c},{s},1,{c / 4}' for op in ('none', 'skip_connect') for c, s in PLACES]
    file.write_text('op,channels,size,stride,milliseconds\n' + '\n'.join(rows), 'utf-8')
    space = build_space({**SPACES['plain'], 'ops': ['none', 'skip_connect']})
    mixes, _ = mix_of(space)
    options = {'unit': 'latency', 'table': file}
    assert prepared(space, form='linear', **options)(mixes).item() == pytest.approx(3 * (1 + 2 + 4))
    found = prepared(space, form='linear', target=10.5, **options)(mixes)
    assert found.item() == pytest.approx(1.0)


PLACES = ((4, 9), (8, 5), (16, 3))


def test_a_weight_of_zero_changes_no_bit(step_of: Callable[..., Any]) -> None:
    plain, idle = step_of(), step_of(regularizers=[{'type': 'ExpectedCost', 'weight': 0.0}])
    for name, alpha_EO in plain.alphas.items():
        assert torch.equal(alpha_EO, idle.alphas[name])
    for name, weight in plain.supernet.state_dict().items():
        assert torch.equal(weight, idle.supernet.state_dict()[name])
    assert plain.state_dict().keys() == idle.state_dict().keys()


def test_the_criteria_see_the_gradient_without_it(step_of: Callable[..., Any]) -> None:
    plain, heavy = step_of(), step_of(regularizers=[{'type': 'ExpectedCost', 'weight': 5.0}])
    for name, grad_EO in plain.arch_step.alpha_grads.items():
        assert torch.equal(grad_EO, heavy.arch_step.alpha_grads[name])
        assert not torch.equal(heavy.alphas[name].grad, grad_EO)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'unit': 'flops'}, "unit='flops'"),
        ({'form': 'square'}, "form='square'"),
        ({'target': 'much'}, "target='much', expected a positive whole number"),
        ({'target': 0}, 'target=0'),
        ({'form': 'log_edges', 'target': '6M'}, "form='log_edges' has no sum"),
        ({'unit': 'latency'}, 'latencies need a table'),
        ({'table': 'table.csv'}, 'nothing else reads one'),
        ({'image_size': 0}, 'image_size=0, expected at least 1'),
        ({'weight': -1}, 'weight=-1'),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        ExpectedCost(**options)

"""The best genotype within a budget: brute force on whole spaces, speed, and what does not fit."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.models.networks.counting import network_costs
from ostrdet.selection import WithinBudget, discretize
from ostrdet.selection.derivations.knapsack import Front
from ostrdet.selection.derivations.menus import Menu
from ostrdet.selection.derivations.shares import shares
from ostrdet.spaces import NASBench201Space, SearchSpace
from ostrdet.spaces.darts_variants import SparseDARTSSpace
from ostrdet.structures import CellGenotype, Genotype
from ostrdet.structures.cell_costs import LATENCY, MACS, PARAMS, UNITS, NetworkCosts
from ostrdet.structures.latency_table import LatencyTable
from tests.fixtures.brute_force import (
    DARTS,
    LAYOUT,
    NB201,
    TWO_NODES,
    counted,
    every,
    random_scores,
    total,
    write_latencies,
)


@pytest.fixture(scope='module')
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_latencies(tmp_path_factory.mktemp('latency') / 'table.csv')


@pytest.mark.parametrize('space', [NB201, TWO_NODES], ids=['nb201', 'darts'])
def test_it_is_the_best_of_all_genotypes(space: SearchSpace, table: Path) -> None:
    costs = {u: counted(space, u, LatencyTable(table) if u == LATENCY else None) for u in UNITS}
    scores = random_scores(space, 0)
    parts = shares(space, scores)
    _, all_scores, all_costs = every(space, parts, costs)
    assert len(all_scores) == (15_625 if space is NB201 else (4**2 * 3 * 4**2) ** 2)
    for units in ([MACS], [PARAMS], [LATENCY], [MACS, PARAMS], [MACS, LATENCY]):
        for quantile in (0.0, 0.02, 0.3, 0.8, 1.0):
            limits = {u: int(np.quantile(all_costs[u], quantile)) for u in units}
            if quantile == 0.0:
                limits = {u: int(all_costs[u].min()) for u in units[:1]}
            fits = np.all([all_costs[u] <= limit for u, limit in limits.items()], axis=0)
            derive = budget_of(limits, table)
            if not fits.any():
                with pytest.raises(InvalidValueError, match='smallest possible cost'):
                    derive.prepare(space, network_costs)
                continue
            best = all_scores[fits].max()
            derive.prepare(space, network_costs)
            found = derive.choose(space, scores)
            assert found.score == pytest.approx(best, rel=1e-14)
            for unit, limit in limits.items():
                assert costs[unit].of(found.genotype) <= limit
            own = sum(
                total(space, name, cell, parts) for name, cell in found.genotype.cells.items()
            )
            assert own == pytest.approx(best, rel=1e-14)
            free = derive.choose(space, scores, bounded=False)
            assert free.score == pytest.approx(all_scores.max(), rel=1e-14)


def budget_of(limits: Mapping[str, int], table: Path) -> WithinBudget:
    options: dict[str, Any] = {
        f'max_{u}': n / 1e6 if u == LATENCY else n for u, n in limits.items()
    }
    if LATENCY in limits:
        options['table'] = table
    return WithinBudget(layout=LAYOUT, **options)


def greedy(space: SearchSpace, parts: Mapping[str, Any], costs: NetworkCosts, limit: int) -> float:
    """Drop to the cheaper operation that loses least per unit saved, until it fits."""
    tensors = {name: torch.from_numpy(part) for name, part in parts.items()}
    cells = dict(discretize(space, tensors).cells)
    while costs.of(Genotype(space.to_config(), cells)) > limit:
        best = None
        for name, spec in space.cells.items():
            prices = costs.totals(name)
            for n, node in enumerate(spec.nodes):
                for e, (op, source) in enumerate(cells[name].nodes[n]):
                    edge = spec.incoming(node)[source]
                    own = space.ops.index(op)
                    for other in space.selectable_ops:
                        o = space.ops.index(other)
                        saved = prices[edge][own] - prices[edge][o]
                        if saved > 0:
                            loss = (parts[name][edge, own] - parts[name][edge, o]) / saved
                            best = min(best or (loss + 1,), (loss, name, n, e, other))
        if best is None:
            return -1.0
        _, name, n, e, other = best
        nodes = [list(node) for node in cells[name].nodes]
        nodes[n][e] = (other, nodes[n][e][1])
        cells[name] = CellGenotype(tuple(tuple(node) for node in nodes), cells[name].output)
    return sum(total(space, name, cell, parts) for name, cell in cells.items())


@pytest.mark.parametrize(('space', 'count'), [(NB201, 600), (TWO_NODES, 380), (DARTS, 20)])
def test_random_tables_fit_and_are_no_worse_than_greedy_dropping(
    space: SearchSpace, count: int
) -> None:
    costs, rng = counted(space, MACS), random.Random(1)
    derive = WithinBudget(max_macs=10**12)
    derive.prepare(space, network_costs)
    top = costs.of(derive.choose(space, random_scores(space, 0), bounded=False).genotype)
    for seed in range(count):
        limit = rng.randint(costs.fixed + (top - costs.fixed) // 4, top)
        derive.budgets = {MACS: limit}
        scores = random_scores(space, seed)
        found = derive.choose(space, scores)
        assert costs.of(found.genotype) <= limit
        assert found.score >= greedy(space, shares(space, scores), costs, limit) - 1e-12


def test_an_ample_budget_gives_the_free_choice_of_nas_bench_201() -> None:
    derive = WithinBudget(max_macs='1G')
    derive.prepare(NB201, network_costs)
    for seed in range(20):
        scores = random_scores(NB201, seed)
        assert derive(NB201, scores) == discretize(NB201, scores)


def test_weights_of_edges_count() -> None:
    derive = WithinBudget(max_macs='9G')
    derive.prepare(TWO_NODES, network_costs)
    even = {name: torch.full((5, 5), 0.5) for name in TWO_NODES.cells}
    weights = {name: torch.tensor([0.5, 0.5, 0.1, 0.5, 0.4]) for name in TWO_NODES.cells}
    found = derive.choose(TWO_NODES, even, weights)
    for cell in found.genotype.cells.values():
        assert [source for _, source in cell.nodes[1]] == [1, 2]
    assert found.score == pytest.approx(2 * (0.5 + 0.5 + 0.5 + 0.4) / 4)


def test_a_share_is_of_what_can_be_selected() -> None:
    rows = [[float('nan'), 1.0, 3.0, 0.0, 0.0], *[[0.0] * 5] * 4]
    scores = {'normal': torch.tensor(rows), 'reduce': torch.zeros(5, 5)}
    scores['reduce'][1] = torch.tensor([9.0, -1.0, 1.0, -1.0, 0.0])
    found = shares(TWO_NODES, scores)
    assert found['normal'][0].tolist() == [0.0, 0.25, 0.75, 0.0, 0.0]
    assert found['normal'][1].tolist() == [0.0, 0.25, 0.25, 0.25, 0.25]
    assert found['reduce'][1].tolist() == pytest.approx([0, 0, 2 / 3, 0, 1 / 3])


def test_scores_that_tie_by_identity_take_the_cheapest() -> None:
    space = NASBench201Space(ops=('nor_conv_3x3', 'skip_connect'))
    derive = WithinBudget(max_macs='9G')
    derive.prepare(space, network_costs)
    scores = {'cell': torch.tensor([[1.0 + 1e-7, 1.0]] * 6)}
    exact, tied = derive(space, scores), derive(space, scores, tie_rtol=1e-5)
    assert {op for node in exact.cells['cell'].nodes for op, _ in node} == {'nor_conv_3x3'}
    assert {op for node in tied.cells['cell'].nodes for op, _ in node} == {'skip_connect'}


def test_nodes_of_an_open_number_keep_the_most_edges_allowed() -> None:
    space = SparseDARTSSpace(num_nodes=2)
    derive = WithinBudget(max_macs='9G', max_edges=2)
    derive.prepare(space, network_costs)
    found = derive(space, random_scores(space, 3))
    assert [len(node) for cell in found.cells.values() for node in cell.nodes] == [2, 2, 2, 2]


@pytest.mark.parametrize('unit', UNITS)
@pytest.mark.parametrize('space', [NB201, TWO_NODES], ids=['nb201', 'darts'])
def test_what_does_not_fit_is_refused_with_the_smallest_cost(
    space: SearchSpace, unit: str, table: Path
) -> None:
    costs = {unit: counted(space, unit, LatencyTable(table) if unit == LATENCY else None)}
    least = min(every(space, random_scores(space, 0), costs)[2][unit].tolist())
    told = f'{least / 1e6:g} ms' if unit == LATENCY else f'{unit} {least:,}'
    with pytest.raises(InvalidValueError, match=f'smallest possible cost is {told} '):
        budget_of({unit: least - 1}, table).prepare(space, network_costs)
    budget_of({unit: least}, table).prepare(space, network_costs)


def test_budgets_that_fit_one_by_one_alone_are_refused_with_what_the_others_leave() -> None:
    derive = WithinBudget(max_macs=3, max_params=4)
    derive.costs = {unit: counted(NB201, unit) for unit in (MACS, PARAMS)}
    told = str(derive._nothing_fits(Pair(NB201, derive.costs, np.array([[5, 1], [1, 5]]))))
    assert (
        'smallest possible cost, with the other budgets kept, is macs 5 (budget macs 3), params 5'
        in told
    )


class Pair(Menu):
    """Two genotypes."""

    def __init__(self, space: SearchSpace, costs: Any, amounts: Any) -> None:
        super().__init__(space, costs)
        self.amounts = amounts

    def front(self, scores: Any, limits: Any) -> Front:
        fits = (self.amounts <= limits).all(axis=1)
        choices = np.zeros((2, 6), np.int64)
        return Front(np.zeros(2, np.int64)[fits], self.amounts[fits], choices[fits])

    def least(self, unit: str) -> int:
        raise AssertionError('the others fit')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({}, 'without a budget'),
        ({'max_macs': 'much'}, "max_macs='much', expected a positive whole number"),
        ({'max_macs': 0}, 'max_macs=0'),
        ({'max_params': '1.5'}, "max_params='1.5'"),
        ({'max_latency': 3.0}, 'set both or neither'),
        ({'max_macs': 1, 'table': 'x.csv'}, 'set both or neither'),
        ({'max_latency': 3.0, 'table': ['a.csv', 'b.csv']}, 'expected one file, or device=NAME'),
        ({'max_macs': 1, 'device': 'pixel3'}, "device='pixel3' without a table"),
        ({'max_latency': -1.0, 'table': 'x.csv'}, 'expected milliseconds, above 0'),
    ],
)
def test_budgets_that_are_none_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        WithinBudget(**options)


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown layout 'imagenet' of NASBench201Space"):
        WithinBudget(max_macs=1, layout='imagenet').prepare(NB201, network_costs)

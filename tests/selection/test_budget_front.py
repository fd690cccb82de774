"""What every budget chooses: fronts, random tables and measured cells against all genotypes."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ostrdet.errors import InvalidValueError
from ostrdet.evaluation import BenchmarkError
from ostrdet.evaluation.cell_latency import count_costs
from ostrdet.selection import WithinBudget
from ostrdet.selection.derivations.shares import shares
from ostrdet.selection.derivations.within_budget import ONE
from ostrdet.spaces import DARTSSpace, SearchSpace
from ostrdet.structures.cell_costs import LATENCY, MACS, PARAMS, UNITS
from ostrdet.structures.latency_table import LatencyTable
from tests.fixtures.brute_force import (
    LAYOUT,
    NB201,
    TWO_NODES,
    all_cells,
    counted,
    every,
    random_scores,
    write_latencies,
)

ROOMY = {'max_macs': '90G', 'max_params': '90G', 'max_latency': 1e6}
DEVICES = [
    'pixel3',
    'raspi4',
    'eyeriss',
    'fpga',
    'gold_6226',
    'silver_4114',
    '1080ti_1',
    'titan_rtx_256',
]


@pytest.fixture(scope='module')
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_latencies(tmp_path_factory.mktemp('latency') / 'table.csv')


@pytest.fixture(scope='module')
def by_cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random milliseconds of every other cell of NAS-Bench-201, for two devices."""
    rng, file = random.Random(0), tmp_path_factory.mktemp('cells') / 'cells.csv'
    texts = [NB201.format(genotype_of(NB201, cell)) for cell in all_cells(NB201, 'cell')][::2]
    lines = [f'{text},{rng.random():.4f},{rng.random():.4f}' for text in texts]
    file.write_text('arch,phone,watch\n' + '\n'.join(lines), 'utf-8')
    return file


def genotype_of(space: SearchSpace, *cells: Any) -> Any:
    from ostrdet.structures import Genotype

    return Genotype(space.to_config(), dict(zip(space.cells, cells, strict=True)))


def prepared(space: SearchSpace, units: Any, table: Path, **options: Any) -> WithinBudget:
    limits = {f'max_{unit}': ROOMY[f'max_{unit}'] for unit in units}
    if LATENCY in units:
        options['table'] = table
    derive = WithinBudget(**limits, layout=LAYOUT, **options)
    derive.prepare(space, count_costs)
    return derive


def whole(space: SearchSpace, scores: Mapping[str, Any]) -> dict[str, Any]:
    """Shares as the whole numbers that are summed."""
    return {n: np.rint(p * ONE).astype(np.int64) for n, p in shares(space, scores).items()}


def costs_of(space: SearchSpace, table: Path) -> dict[str, Any]:
    return {u: counted(space, u, LatencyTable(table) if u == LATENCY else None) for u in UNITS}


@pytest.mark.parametrize('units', [[MACS], [PARAMS], [LATENCY], [MACS, LATENCY], list(UNITS)])
@pytest.mark.parametrize('space', [NB201, TWO_NODES], ids=['nb201', 'darts'])
def test_fronts_are_those_of_all_genotypes(
    space: SearchSpace, units: list[str], table: Path
) -> None:
    scores = random_scores(space, 1)
    derive = prepared(space, units, table)
    _, sums, costs = every(space, whole(space, scores), costs_of(space, table))
    if len(units) > 1:
        derive.budgets |= {u: int(np.quantile(costs[u], 0.6)) for u in units}
    points = derive.front(space, scores)
    for unit in units:
        fits = np.ones(len(sums), bool)
        for other in set(units) - {unit}:
            fits &= costs[other] <= derive.budgets[other]
        price, sum_ = costs[unit][fits], sums[fits]
        order = np.lexsort((-sum_, price))
        best = np.maximum.accumulate(sum_[order])
        rises = np.concatenate([[True], best[1:] > best[:-1]])
        one = 1e6 if unit == LATENCY else 1
        expected = [
            (c / one, s / ONE)
            for c, s in zip(price[order][rises].tolist(), best[rises].tolist(), strict=True)
        ]
        assert [(p.cost, p.score) for p in points if p.unit == unit] == expected
        assert len(expected) > 2


@pytest.mark.parametrize('units', [[MACS], [PARAMS, LATENCY]])
def test_a_point_is_what_its_budget_chooses(units: list[str], table: Path) -> None:
    for space in (NB201, DARTSSpace()):
        if space is not NB201 and LATENCY in units:
            continue  # the table is one of the small spaces
        derive, scores = prepared(space, units, table), random_scores(space, 2)
        points = [p for p in derive.front(space, scores) if p.unit == units[0]]
        for before, point in zip([None, *points], points, strict=False):
            derive.budgets[units[0]] = int(point.cost)
            assert space.format(derive(space, scores)) == point.genotype
            if before is not None:
                derive.budgets[units[0]] -= 1
                assert space.format(derive(space, scores)) == before.genotype
        assert points[-1].share == pytest.approx(1)


def test_a_thousand_random_tables_choose_the_best_of_all_cells(table: Path) -> None:
    space, rng = NB201, random.Random(2)
    _, _, costs = every(space, random_scores(space, 0), costs_of(space, table))
    cells = [genotype_of(space, cell) for cell in all_cells(space, 'cell')]
    picks = np.array(
        [[space.ops.index(o) for n in g.cells['cell'].nodes for o, _ in n] for g in cells]
    )
    choices = [[PARAMS], [LATENCY], [MACS], [PARAMS, LATENCY]]
    prepared_for = {tuple(units): prepared(space, units, table) for units in choices}
    for seed in range(1000):
        units = choices[seed % 4]
        derive, scores = prepared_for[tuple(units)], random_scores(space, seed)
        # One cell is drawn, and its costs are the budgets, so that something fits
        row = rng.randrange(len(cells))
        derive.budgets = {unit: int(costs[unit][row]) for unit in units}
        fits = np.all([costs[unit] <= derive.budgets[unit] for unit in units], axis=0)
        sums = whole(space, scores)['cell'][np.arange(6), picks].sum(axis=1)
        found = derive.choose(space, scores)
        assert found.score == sums[fits].max() / ONE
        assert all(derive.costs[u].of(found.genotype) <= derive.budgets[u] for u in units)


@pytest.mark.parametrize('max_macs', [None, '60M'])
def test_measured_cells_are_all_looked_at(by_cell: Path, max_macs: str | None) -> None:
    units = [LATENCY] if max_macs is None else [MACS, LATENCY]
    derive = prepared(NB201, units, by_cell, device='watch')
    cells = [genotype_of(NB201, cell) for cell in all_cells(NB201, 'cell')][::2]
    lines = by_cell.read_text('utf-8').splitlines()[1:]
    watch = np.array([round(float(line.rsplit(',', 1)[1]) * 1e6) for line in lines])
    macs = np.array([counted(NB201, MACS).of(cell) for cell in cells[:400]])
    for seed, limit in enumerate((0.01, 0.3, 2.0)):
        scores = random_scores(NB201, seed)
        table = whole(NB201, scores)['cell'].tolist()
        ops = [[NB201.ops.index(o) for n in g.cells['cell'].nodes for o, _ in n] for g in cells]
        sums = np.array([sum(table[e][o] for e, o in enumerate(row)) for row in ops])
        derive.budgets = {LATENCY: round(limit * 1e6)} | ({MACS: 60_000_000} if max_macs else {})
        fits = watch <= derive.budgets[LATENCY]
        if max_macs:
            all_macs = np.array([derive.costs[MACS].of(cell) for cell in cells])
            assert (all_macs[:400] == macs).all()
            fits &= all_macs <= 60_000_000
        assert derive.choose(NB201, scores).score == sums[fits].max() / ONE


def test_the_cheapest_cell_is_told_where_none_fits(by_cell: Path) -> None:
    least = min(float(line.split(',')[1]) for line in by_cell.read_text('utf-8').splitlines()[1:])
    derive = WithinBudget(max_latency=least / 2 or 1e-6, table=by_cell, device='phone')
    with pytest.raises(InvalidValueError, match=f'smallest possible cost is {least:g} ms'):
        derive.prepare(NB201, count_costs)


@pytest.mark.parametrize(
    ('space', 'text', 'message'),
    [
        (TWO_NODES, 'arch,phone\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,1\n', 'no cell of DARTS'),
        (NB201, 'index,phone\n0,1\n', "holds no cell of NASBench201Space; .*'index' and 'arch'"),
        (NB201, 'arch,phone\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,-1\n', 'not negative'),
        (NB201, 'arch,phone2\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,1\n', "no column 'phone'"),
    ],
)  # fmt: skip
def test_tables_by_cell_that_say_nothing_are_refused(
    space: SearchSpace, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / 'cells.csv').write_text(text, 'utf-8')
    derive = WithinBudget(max_latency=1.0, table=tmp_path / 'cells.csv', device='phone')
    with pytest.raises((BenchmarkError, LookupError), match=message):
        derive.prepare(space, count_costs)


def test_eight_devices_were_measured(shared_data: Path) -> None:
    folder = shared_data / 'tables'
    files = [folder / 'nasbench201_latency_ms.csv', folder / 'nasbench201_12ep.csv']
    if not files[0].is_file():
        pytest.skip('needs the table of latencies')
    rows = [line.split(',') for line in files[0].read_text('utf-8').splitlines()]
    assert rows[0][1:] == DEVICES
    scores = random_scores(NB201, 5)
    for device in ('pixel3', 'titan_rtx_256'):
        column = rows[0].index(device)
        milliseconds = sorted(float(row[column]) for row in rows[1:])
        derive = WithinBudget(max_latency=milliseconds[4000], table=files, device=device)
        derive.prepare(NB201, count_costs)
        found = derive.choose(NB201, scores)
        points = derive.front(NB201, scores)
        assert derive.costs[LATENCY].of(found.genotype) <= derive.budgets[LATENCY]
        assert points[0].cost == pytest.approx(milliseconds[0])
        assert points[-1].share == 1

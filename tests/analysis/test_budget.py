"""Cells within parts of the free choice's cost, against all cells of a small space."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.analysis.budget import budget
from ostrdet.commands.analyze import main
from ostrdet.errors import InvalidValueError
from ostrdet.models.networks.counting import network_costs
from ostrdet.records.run_facts import RunFacts
from ostrdet.selection.derivations.shares import shares
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.structures import Genotype, save_genotype
from ostrdet.structures.cell_costs import MACS
from tests.fixtures.brute_force import all_cells
from tests.fixtures.work_dirs import random_lines, read, write_work_dir

OPS = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3']
SPACE = build_space({'type': 'NASBench201Space', 'num_nodes': 2, 'ops': OPS})
CELLS = [Genotype(SPACE.to_config(), {'cell': cell}) for cell in all_cells(SPACE, 'cell')]
RNG = random.Random(0)
ACCURACY = {SPACE.format(cell): round(RNG.uniform(10, 95), 3) for cell in CELLS}
MILLISECONDS = {SPACE.format(cell): round(RNG.uniform(1, 9), 3) for cell in CELLS}


@pytest.fixture
def search(tmp_path: Path) -> Path:
    folder = tmp_path / 'seed3'
    lines = random_lines(SPACE, 2, seed=4)
    write_work_dir(folder, lines, RunFacts(SPACE.to_config(), 'OperationStrength'))
    chosen = SPACE.parse(lines[-1]['genotypes']['OperationStrength'])
    origin = {'criterion': 'OperationStrength', 'seed': 3}
    save_genotype(Genotype(chosen.space, chosen.cells, origin), folder / 'genotype.json')
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f'{text},{ACCURACY[text]},{ms}' for text, ms in MILLISECONDS.items()]
    (tmp_path / 'table.csv').write_text('arch,cifar10,phone\n' + '\n'.join(rows), 'utf-8')
    return tmp_path / 'table.csv'


def score(space: SearchSpace, cell: Genotype, parts: Any) -> float:
    ops = [space.ops.index(op) for node in cell.cells['cell'].nodes for op, _ in node]
    return float(sum(parts[edge, op] for edge, op in enumerate(ops)))


@pytest.mark.parametrize('device', [None, 'phone'])
def test_rows_are_the_best_of_all_cells_that_fit(
    search: Path, table: Path, tmp_path: Path, device: str | None
) -> None:
    tables = None if device is None else [table]
    rows = budget([search], tmp_path / 'out', table, latency_table=tables, latency_device=device)
    macs = network_costs(SPACE, SPACE.layout('cifar10'), MACS)
    price = {
        SPACE.format(cell): macs.of(cell)
        if device is None
        else 1e6 * MILLISECONDS[SPACE.format(cell)]
        for cell in CELLS
    }
    line = json.loads((search / 'trajectory.jsonl').read_text('utf-8').splitlines()[-1])
    free = price[line['genotypes']['OperationStrength']]
    assert [row['share'] for row in rows] == [0.25, 0.5, 0.75, 1.0]
    for row in rows:
        fits = [cell for cell in CELLS if price[SPACE.format(cell)] <= row['share'] * free + 0.5]
        assert (row['search'], row['seed']) == ('seed3', 3)
        assert row['budget'] == pytest.approx(row['share'] * free / 1e6, abs=1e-6)
        for name in ('OperationStrength', 'Magnitude'):
            parts = shares(SPACE, {'cell': torch.tensor(line['scores'][name]['cell'])})['cell']
            best = max((score(SPACE, cell, parts) for cell in fits), default=None)
            if best is None:
                assert row[f'{name} cell'] is None
                continue
            assert score(SPACE, SPACE.parse(row[f'{name} cell']), parts) == pytest.approx(best)
            assert row[name] == ACCURACY[row[f'{name} cell']]
            assert row[f'{name} cost'] == pytest.approx(price[row[f'{name} cell']] / 1e6)
        oracle = max((ACCURACY[SPACE.format(cell)] for cell in fits), default=None)
        assert row['oracle'] == oracle
    assert rows[-1]['OperationStrength cell'] == line['genotypes']['OperationStrength']
    assert len(read(tmp_path / 'out' / 'budget.csv')) == 4
    assert '</svg>' in (tmp_path / 'out' / 'budget.svg').read_text('utf-8')


def test_the_tool_shows_the_rows(
    search: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ['budget', str(search), '--benchmark', str(table), '--out', str(tmp_path / 'out')]
    assert main([*argv, '--shares', '0.000001', '1']) == 0
    out = capsys.readouterr().out
    assert 'test accuracy on cifar10 in percent; multiply-adds, millions' in out
    assert ' - |' in out  # nothing costs so little


@pytest.mark.parametrize('shares', [[], [0.0], [0.5, -1.0]])
def test_shares_are_positive(
    search: Path, table: Path, tmp_path: Path, shares: list[float]
) -> None:
    with pytest.raises(InvalidValueError, match='expected parts of a cost, above 0'):
        budget([search], tmp_path, table, shares=shares)

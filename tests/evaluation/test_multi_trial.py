"""Baselines on tables: their rules step by step, their results, and what they refuse."""

import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import fmean

import pytest

from ostrdet.commands.baseline import main
from ostrdet.evaluation import BenchmarkError, BenchmarkTable, load_table
from ostrdet.evaluation.multi_trial import choices, evolution, random_search, simulate

CELLS = [''.join(digits) for digits in itertools.product('012', repeat=3)]


def value(cell: str) -> float:
    """The best is 222."""
    return float(int(cell, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rows = [f'{cell},{value(cell)},{int(cell[0]) + 1},{-value(cell)}' for cell in CELLS]
    file = tmp_path / 'table.csv'
    file.write_text('\n'.join(['arch,acc,ms,error', *rows]), encoding='utf-8')
    return file


@pytest.fixture
def table(path: Path) -> BenchmarkTable:
    return load_table(path)


def trace(method: Callable[..., object], number: int, seed: int = 3) -> list[str]:
    trained: list[str] = []

    def train(cell: str) -> float:
        trained.append(cell)
        return value(cell)

    list(itertools.islice(method(CELLS, train, seed), number))  # type: ignore[arg-type]
    return trained


def test_random_search_draws_every_cell_once() -> None:
    trained = trace(random_search, 27)
    assert sorted(trained) == CELLS
    assert trained[:5] == trace(random_search, 5)
    assert trained != trace(random_search, 27, seed=4)


def test_evolution_changes_one_place_of_a_member_and_drops_the_oldest() -> None:
    trained = trace(evolution, 60)
    for step in range(10, 60):
        members = trained[step - 10 : step]  # the ten youngest: what is older has left
        changed = [sum(a != b for a, b in zip(m, trained[step], strict=True)) for m in members]
        assert 1 in changed
    assert '222' in trained
    assert fmean(map(value, trained[-10:])) > fmean(map(value, trained[:10]))


def test_evolution_takes_the_best_of_its_tournament(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Random, 'sample', lambda self, members, number: members[:number])
    trained = trace(evolution, 11)
    parent = max(trained[:3], key=value)
    assert sum(a != b for a, b in zip(parent, trained[10], strict=True)) == 1


@pytest.mark.parametrize('method', ['random', 'evolution', 'tpe'])
def test_an_outcome_is_the_best_of_its_budget(method: str, table: BenchmarkTable) -> None:
    if method == 'tpe':
        pytest.importorskip('optuna')
    state = Random(0).getstate()
    found = simulate(method, table, 20, 1, 'acc', report='error', cost='ms')
    assert found == simulate(method, table, 20, 1, 'acc', report='error', cost='ms')
    assert Random(0).getstate() == state
    assert (found.value, found.report) == (value(found.cell), -value(found.cell))
    assert (found.trainings, found.distinct <= 20, 20 <= found.cost <= 60) == (20, True, True)
    if method == 'random':
        order = []
        list(itertools.islice(random_search(CELLS, lambda c: order.append(c) or 0.0, 1), 20))  # type: ignore[func-returns-value]
        assert found.cell == max(order, key=value)
        assert found.cost == sum(int(cell[0]) + 1 for cell in order)


def test_low_values_may_be_good(table: BenchmarkTable) -> None:
    found = simulate('random', table, 27, 0, 'error', minimize=True)
    assert (found.cell, found.value, found.cost) == ('222', -26, 27)


def test_cells_are_combinations_of_their_parts() -> None:
    texts = [f'|{a}~0|+|{b}~0|c~1|' for a in 'xy' for b in 'xyz']
    assert choices(texts).options == (('x', 'y'), ('x', 'y', 'z'), ('c',))
    for lost in (texts[1:], [*texts, '|x~0|']):
        with pytest.raises(BenchmarkError, match='not all combinations'):
            choices(lost)


def test_the_best_of_n_random_cells_of_nas_bench_201(shared_data: Path) -> None:
    table = load_table(
        [
            shared_data / 'tables' / 'nasbench201_12ep.csv',
            shared_data / 'nasbench201_test_accuracy_200ep.csv',
        ]
    )
    valid, test = table.column('cifar10_valid'), table.column('cifar10')
    for number, expected in {10: 92.58, 100: 93.73, 1000: 94.07}.items():
        found = []
        for seed in range(12):  # a part of a random order is a random search of its own
            order: list[str] = []
            list(random_search(list(valid), lambda c, order=order: order.append(c) or 0.0, seed))
            parts = [order[i : i + number] for i in range(0, len(order) - number + 1, number)]
            found += [test[max(part, key=valid.__getitem__)] for part in parts]
        assert fmean(found) == pytest.approx(expected, abs=0.1)
    everything = simulate('random', table, len(valid), 0, 'cifar10_valid', report='cifar10')
    assert everything.report == 94.373  # cell 13714, or 6111, which ties with it


def test_the_command_prints_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ['random', '--table', str(path), '--budget', '27', '--seed', '2', '--json']
    assert main(argv) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found['cell'], found['value'], found['trainings'], found['seed']) == ('222', 26, 27, 2)
    assert main(argv[:-1]) == 0
    assert 'cell        222' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--budget', '28'], '--budget 28: expected 1 to 27'),
        (['--budget', '0'], '--budget 0: expected 1 to 27'),
        (['--budget', '5', '--column', 'ac'], "has no column 'ac'. Did you mean 'acc'?"),
        (['--budget', '5', '--cost', 'mj'], "has no column 'mj'"),
    ],
)
def test_bad_input_is_one_line(
    path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['random', '--table', str(path), *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count('\n') == 1


def test_tpe_without_optuna_names_the_extra(
    table: BenchmarkTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'optuna', None)
    with pytest.raises(ImportError, match=r"optuna.*pip install 'ostrdet\[optional\]'"):
        simulate('tpe', table, 2, 0, 'acc')

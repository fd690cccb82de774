"""Tables by column: files side by side, encodings of cells, and facts of the published tables."""

import json
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import kendalltau, spearmanr

from ostrdet.evaluation import BenchmarkError, BenchmarkTable, load_table
from ostrdet.evaluation.complexity import complexity
from ostrdet.evaluation.encodings import decoded
from ostrdet.spaces import build_space

A, B = '|none~0|', '|skip_connect~0|'
NB201 = build_space({'type': 'NASBench201Space'})


@pytest.fixture(scope='module')
def folder(shared_data: Path) -> Path:
    return shared_data / 'tables'


@pytest.fixture(scope='module')
def nb201(shared_data: Path, folder: Path) -> BenchmarkTable:
    names = ['12ep', '200ep_one_seed', 'latency_ms']
    paths = [folder / f'nasbench201_{name}.csv' for name in names]
    return load_table([shared_data / 'nasbench201_test_accuracy_200ep.csv', *paths])


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding='utf-8')
    return path


def test_every_column_of_numbers_is_one_of_the_table(tmp_path: Path) -> None:
    table = load_table(write(tmp_path / 'a.csv', f'arch,ms,name,mb\n{A},1.5,x,\n{B},-2,y,3\n'))
    assert table.columns == ('ms', 'mb')
    assert table.column('ms') == {A: 1.5, B: -2.0}
    assert table.column('mb') == {B: 3.0}
    assert table.accuracies(A) == {'ms': 1.5}
    with pytest.raises(KeyError, match=r"a\.csv' has no column 'm5'\. Did you mean 'ms'\?"):
        table.column('m5')


def test_files_side_by_side_have_the_columns_of_all(tmp_path: Path) -> None:
    first = write(tmp_path / 'a.csv', f'index,arch,cifar10\n7,{A},90\n8,{B},91\n')
    numbered = write(tmp_path / 'b.csv', 'index,ms\n8,1\n7,2\n')
    for paths in ([first, numbered], [numbered, first]):
        table = load_table(paths)
        assert (len(table), set(table.columns)) == (2, {'cifar10', 'ms'})
        assert table.row(A) == {'cifar10': 90, 'ms': 2}
        assert table.accuracies(B) == {'cifar10': 91}
    assert load_table(numbered).column('ms') == {'8': 1, '7': 2}


def test_files_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    first = write(tmp_path / 'a.csv', f'index,arch,ms\n7,{A},90\n')
    again = write(tmp_path / 'b.csv', f'arch,ms\n{A},90\n')
    with pytest.raises(BenchmarkError, match=r"column 'ms' stands in '.*a\.csv' and in '.*b\.csv'"):
        load_table([first, again])
    lost = write(tmp_path / 'c.csv', 'index,mb\n8,1\n')
    with pytest.raises(BenchmarkError, match=r"c\.csv, line 2: no other table knows the index '8'"):
        load_table([first, lost])


def test_a_json_file_is_a_table(tmp_path: Path) -> None:
    content = {'01': {'acc': 90.5, 'runs': [1, 2]}, '12': {'acc': 80}}
    table = load_table(write(tmp_path / 'a.json', json.dumps(content)))
    assert (table.columns, table.column('acc')) == (('acc',), {'01': 90.5, '12': 80})
    for text in ('[]', '{"a": 1}', 'x'):
        with pytest.raises(BenchmarkError, match=r'b\.json'):
            load_table(write(tmp_path / 'b.json', text))


def test_digits_are_cells_of_a_space_only_if_all_have_six() -> None:
    assert decoded(['012301'])[0].startswith(
        '|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|'
    )
    assert decoded(['012301', '0123']) == ['012301', '0123']
    assert decoded(['(0, 0, 0, 0, 0, 0)', '0123'])[1] == '0123'


def test_best_cells_and_ties_of_nas_bench_201(nb201: BenchmarkTable) -> None:
    valid, test = nb201.column('cifar10_valid'), nb201.column('cifar10')
    best = max(valid, key=valid.__getitem__)
    optimum = max(test.values())
    assert valid[best] == 84.892
    assert [nb201.row(best)[name] for name in ('cifar10', 'cifar100', 'imagenet16_120')] == [94.373, 73.093, 46.333]  # fmt: skip
    assert test[best] == optimum
    assert sum(value == optimum for value in test.values()) == 2


@pytest.mark.parametrize(
    ('dataset', 'expected'),
    [('cifar10', 0.7718283), ('cifar100', 0.8247544), ('imagenet16_120', 0.8182175)],
)
def test_short_trainings_rank_like_long_ones(
    nb201: BenchmarkTable, dataset: str, expected: float
) -> None:
    short, long = nb201.column(f'{dataset}_valid'), nb201.column(dataset)
    found = spearmanr([short[cell] for cell in long], list(long.values())).statistic
    assert found == pytest.approx(expected, abs=1e-6)


def test_latencies_of_the_best_cell_on_cifar100(nb201: BenchmarkTable) -> None:
    cell = max((column := nb201.column('cifar100')), key=column.__getitem__)
    found = [nb201.row(cell)[name] for name in ('pixel3', 'raspi4', 'eyeriss', 'fpga')]
    assert found == [35.03, 80.4, 9.052, 7.421]


@pytest.mark.parametrize(
    ('task', 'digits', 'value'),
    [
        ('class_scene', '332132', 54.9363),
        ('room_layout', '311133', -0.600999),
        ('autoencoder', '120310', 0.577231),
    ],
)
def test_transnas_bench_micro_is_a_table_of_cells_of_nas_bench_201(
    folder: Path, task: str, digits: str, value: float
) -> None:
    table = load_table(folder / 'transnasbench101_micro.csv')
    column = table.column(task)
    best = max(column, key=column.__getitem__)
    assert (len(table), best, column[best]) == (4096, *decoded([digits]), value)
    table.check_space(build_space({**NB201.to_config(), 'ops': NB201.ops[:4]}))


def test_nas_bench_macro_is_a_table(folder: Path) -> None:
    table = load_table(folder / 'nas_bench_macro_cifar10.json')
    accuracy, params = table.column('mean_acc'), table.column('params')
    best = max(accuracy, key=accuracy.__getitem__)
    assert (len(table), best) == (6561, '22212220')
    assert accuracy[best] == pytest.approx(93.12666)
    found = spearmanr(list(accuracy.values()), [params[cell] for cell in accuracy]).statistic
    assert found == pytest.approx(0.3178991, abs=1e-6)


@pytest.mark.parametrize(
    ('name', 'cells', 'columns'),
    [('transnasbench101_macro', 3256, 7), ('accel_nasbench_imagenet', 5138, 13)],
)
def test_tables_of_other_spaces_are_read_by_column(
    folder: Path, name: str, cells: int, columns: int
) -> None:
    table = load_table(folder / f'{name}.csv')
    assert (len(table), len(table.columns)) == (cells, columns)
    with pytest.raises(BenchmarkError, match='holds no cell of the space'):
        table.check_space(NB201)


def test_cells_of_nasbench_suite_zero_are_those_of_two_spaces(folder: Path) -> None:
    table = load_table(folder / 'suite_zero_9x.csv')
    darts = build_space({'type': 'DARTSSpace'})
    found = [NB201 if cell.startswith('|') else darts for cell in table.cells()]
    assert (found.count(NB201), found.count(darts)) == (199, 199)
    for cell, space in zip(table.cells(), found, strict=True):
        space.parse(cell)


def test_numbers_of_naslib_have_the_parameters_that_it_counts(folder: Path) -> None:
    stored = json.loads((folder / 'zc_nasbench201.json').read_text())['nasbench201']['cifar10']
    for key in list(stored)[::50]:
        size = complexity(NB201.parse(*decoded([key])), 'cifar10')
        assert size.params / 1e6 == pytest.approx(stored[key]['params'], abs=1e-9)


@pytest.mark.parametrize(('criterion', 'expected'), [(1, 0.5393599), (2, 0.3863636)])
def test_errors_of_searches_and_of_their_cells_correlate(
    folder: Path, criterion: int, expected: float
) -> None:
    content: Any = json.loads((folder / 'genotypes_sgas_pt.json').read_text())
    rows = [row for name, row in content.items() if name.startswith(f'sgas_cri{criterion}_')]
    pairs = [(row['search_val_error'], row['cifar10_test_error']) for row in rows]
    assert kendalltau(*zip(*pairs, strict=True)).statistic == pytest.approx(expected, abs=1e-6)

"""Benchmark tables: look-ups, and what a bad table or cell is answered with."""

import bz2
import pickle
import shutil
import sys
from pathlib import Path

import pytest

from ostrdet.commands import query_benchmark as benchmark_cli
from ostrdet.evaluation import BenchmarkError, BenchmarkTable, UnknownCellError, load_table
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype

NB201 = build_space({'type': 'NASBench201Space'})
OSTR = '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|'
ALL_SKIP = '|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|'
C10_OPTIMUM = OSTR.replace('nor_conv_3x3~2', 'nor_conv_1x1~2')
HEADER = 'arch,cifar10,cifar100,imagenet16_120\n'
GOOD = f'{HEADER}{OSTR},94.36,73.51,46.34\n'
CSV_NAME = 'nasbench201_test_accuracy_200ep.csv'
#: The cells that the official folder of the shared data holds, by their index there.
NATS_CELLS = {
    0: '|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|',
    11: '|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|',
    284: '|skip_connect~0|+|skip_connect~0|skip_connect~1|+|none~0|nor_conv_1x1~1|none~2|',
}


def csv_table(folder: Path, content: str) -> BenchmarkTable:
    path = folder / 'table.csv'
    path.write_text(content, encoding='utf-8')
    return load_table(path)


@pytest.fixture
def nats_folder(shared_data: Path, tmp_path: Path) -> Path:
    """A copy of the official folder with three cells, which a test may damage."""
    pytest.importorskip('nats_bench')
    source = shared_data / 'nats-bench-fixture' / 'NATS-tss-v1_0-3ffb9-simple'
    return Path(shutil.copytree(source, tmp_path / source.name, copy_function=shutil.copyfile))


@pytest.mark.parametrize(
    'cell', [OSTR, OSTR.replace('|+|', ' |\n + | '), f'  {OSTR}\n', NB201.parse(OSTR)]
)
def test_a_cell_is_found_by_genotype_or_text_whatever_its_white_space(
    tmp_path: Path, cell: str | Genotype
) -> None:
    expected = {'cifar10': 94.36, 'cifar100': 73.51, 'imagenet16_120': 46.34}
    assert csv_table(tmp_path, GOOD).accuracies(cell) == expected


def test_the_white_space_of_a_table_does_not_matter_either(tmp_path: Path) -> None:
    spaced = OSTR.replace('|+|', '| + |')
    table = csv_table(tmp_path, f'\ufeff{HEADER}{spaced},1,2,3\n\n')
    assert (len(table), table.accuracies(OSTR)['imagenet16_120']) == (1, 3)


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    content = f'index,imagenet16_120,arch,cifar100,cifar10\n9930,46.34,{OSTR},73.51,94.36\n'
    expected = {'cifar10': 94.36, 'cifar100': 73.51, 'imagenet16_120': 46.34}
    assert csv_table(tmp_path, content).accuracies(OSTR) == expected


def test_a_table_may_hold_cells_of_the_darts_form(tmp_path: Path) -> None:
    text = "Genotype(normal=[('skip_connect', 0)], normal_concat=[2])"
    assert csv_table(tmp_path, f'{HEADER}"{text}",97,84,50\n').accuracies(text)['cifar10'] == 97


def test_changing_an_answer_does_not_change_the_table(tmp_path: Path) -> None:
    table = csv_table(tmp_path, GOOD)
    table.accuracies(OSTR)['cifar10'] = 0
    assert table.accuracies(OSTR)['cifar10'] == 94.36


def test_evaluate_adds_parameters_and_multiply_adds(tmp_path: Path) -> None:
    found = csv_table(tmp_path, GOOD).evaluate(NB201.parse(OSTR))
    assert (found['cifar10'], found['params'], found['macs']) == (94.36, 1_288_506, 184_730_240)


def test_an_unknown_cell_is_named_with_its_table(tmp_path: Path) -> None:
    table = csv_table(tmp_path, GOOD)
    with pytest.raises(LookupError) as caught:
        table.accuracies(ALL_SKIP)
    assert isinstance(caught.value, UnknownCellError)
    assert str(tmp_path / 'table.csv') in str(caught.value)
    assert ALL_SKIP in str(caught.value)
    assert '(1 cells)' in str(caught.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('', r'line 1: the columns \[\] lack .*arch'),
        ('cell,cifar10,cifar100\n', r"line 1: .* lack \['arch'\]"),
        (f'arch\n{OSTR}\n', r'line 1: .* or a column of numbers'),
        (f'{GOOD}{ALL_SKIP},1,2\n', 'line 3: expected 4 fields'),
        (f'{GOOD}{ALL_SKIP},1,2,3,4\n', 'line 3: expected 4 fields'),
        (f'{HEADER}\n{OSTR},1,x,3\n', "line 3: 'cifar100' is 'x'"),
        (f'{HEADER}{OSTR},1,2,nan\n', "line 2: 'imagenet16_120' is 'nan'"),
        (f'{HEADER}{OSTR},100.1,2,3\n', "line 2: 'cifar10' is '100.1'"),
        (f'{HEADER}{OSTR},-1,2,3\n', "line 2: 'cifar10' is '-1'"),
        (f'{HEADER},1,2,3\n', "line 2: 'arch' is empty"),
        (f'{GOOD}{OSTR},1,2,3\n', r"line 3: 'arch' repeats \|nor_conv_3x3~0"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BenchmarkError, match=rf'table\.csv, {message}'):
        csv_table(tmp_path, content)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'table.csv').write_bytes(b'\x80\x05\xff')
    with pytest.raises(BenchmarkError, match=r'table\.csv: not a CSV file .*Give a CSV file'):
        load_table(tmp_path / 'table.csv')


def test_a_missing_table_is_answered_with_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no benchmark table at '.*lost'\. Give a CSV"):
        load_table(tmp_path / 'lost')


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'no file meta\.pickle\.pbz2 in the folder'):
        load_table(tmp_path)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        (OSTR, (94.36, 73.51, 46.34)),
        (ALL_SKIP, (54.30, 15.61, 16.32)),
        (C10_OPTIMUM, (94.37, 73.22, 46.71)),
    ],
)
def test_the_table_of_nas_bench_201_holds_the_published_facts(
    shared_data: Path, text: str, expected: tuple[float, ...]
) -> None:
    table = load_table(shared_data / CSV_NAME)
    assert len(table) == 15_625
    assert tuple(round(value, 2) for value in table.accuracies(text).values()) == expected


def test_nats_bench_gives_the_mean_of_its_trials(nats_folder: Path) -> None:
    found = load_table(nats_folder).accuracies(NATS_CELLS[0])
    assert found['cifar10'] == pytest.approx((85.79 + 85.62 + 86.18) / 3)
    assert found['cifar100'] == pytest.approx((53.08 + 51.98 + 53.68) / 3)
    assert found['imagenet16_120'] == pytest.approx((27.1 + 27.033 + 25.767) / 3, abs=1e-3)


@pytest.mark.parametrize('text', NATS_CELLS.values())
def test_nats_bench_agrees_with_the_csv_file(
    nats_folder: Path, shared_data: Path, text: str
) -> None:
    expected = load_table(shared_data / CSV_NAME).accuracies(text)
    assert load_table(nats_folder).accuracies(text) == pytest.approx(expected, abs=5e-4)


def test_nats_bench_never_answers_for_a_cell_without_a_file(nats_folder: Path) -> None:
    table = load_table(nats_folder)
    assert len(table) == 3
    for text in (OSTR, ALL_SKIP, '|conv~0|', ''):  # two of the benchmark, two of no benchmark
        with pytest.raises(UnknownCellError, match=r'\(3 cells\) does not hold'):
            table.accuracies(text)


@pytest.mark.parametrize('scale', [1.0, 0.01])
def test_accuracies_that_are_fractions_are_refused_with_the_mend(
    tmp_path: Path, scale: float
) -> None:
    rows = [f'{cell},{94 * scale},{73 * scale},{46 * scale}' for cell in (OSTR, ALL_SKIP)]
    content = HEADER + '\n'.join(rows)
    if scale == 1:
        assert csv_table(tmp_path, content).accuracies(OSTR)['cifar10'] == 94
        return
    with pytest.raises(BenchmarkError, match=r'largest accuracy is 0\.94, .*multiply them by 100'):
        csv_table(tmp_path, content)


def test_low_accuracies_beside_others_are_percent(tmp_path: Path) -> None:
    assert csv_table(tmp_path, f'{HEADER}{OSTR},10,1,0.83').accuracies(OSTR)['cifar100'] == 1


@pytest.mark.parametrize('name', ['meta.pickle.pbz2', '000011.pickle.pbz2'])
def test_a_damaged_file_of_nats_bench_has_the_status_of_damaged_files(
    nats_folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    argv = [NATS_CELLS[11], '--table', str(nats_folder)]
    assert benchmark_cli.main(argv) == 0
    for content in (b'', b'no archive', bz2.compress(pickle.dumps([1, 2]))):
        (nats_folder / name).write_bytes(content)
        assert benchmark_cli.main(argv) == 3
        assert 'is damaged' in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize('content', [b'', b'no archive'])
def test_a_damaged_file_of_nats_bench_is_named(nats_folder: Path, content: bytes) -> None:
    (nats_folder / '000011.pickle.pbz2').write_bytes(content)
    table = load_table(nats_folder)
    with pytest.raises(BenchmarkError, match='the file of cell 11 is damaged'):
        table.accuracies(NATS_CELLS[11])
    assert table.accuracies(NATS_CELLS[284])['cifar10'] == pytest.approx(88.79)
    (nats_folder / 'meta.pickle.pbz2').write_bytes(content)
    with pytest.raises(BenchmarkError, match=r'meta\.pickle\.pbz2. is damaged'):
        load_table(nats_folder)


def test_nats_bench_without_its_package_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'meta.pickle.pbz2').touch()
    monkeypatch.setitem(sys.modules, 'nats_bench', None)
    with pytest.raises(ImportError, match=r"nats_bench.*pip install 'ostrdet\[optional\]'"):
        load_table(tmp_path)


def test_a_table_knows_the_spaces_of_its_cells(tmp_path: Path) -> None:
    table = csv_table(tmp_path, GOOD)
    assert list(table.cells()) == [OSTR]
    for wider in (NB201, build_space({**NB201.to_config(), 'ops': [*NB201.ops, 'sep_conv_3x3']})):
        table.check_space(wider)
    for other in ({'type': 'DARTSSpace'}, {'type': 'NASBench201Space', 'num_nodes': 2}):
        with pytest.raises(
            BenchmarkError, match=r"table\.csv' \(1 cells\) holds no cell of the sp"
        ):
            table.check_space(build_space(other))


def test_nats_bench_holds_the_cells_whose_files_are_there(nats_folder: Path) -> None:
    table = load_table(nats_folder)
    assert list(table.cells()) == list(NATS_CELLS.values())
    table.check_space(NB201)

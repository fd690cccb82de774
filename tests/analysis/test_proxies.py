"""``tools/analyze.py proxies``: files, correlations, and what it answers to bad input."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import kendalltau, spearmanr

from ostrdet.analysis.proxies import correlations
from ostrdet.apis.search import search
from ostrdet.apis.select import select
from ostrdet.commands.analyze import main
from ostrdet.compat import import_quietly
from ostrdet.evaluation import load_table
from ostrdet.evaluation.complexity import complexity
from ostrdet.evaluation.encodings import decoded
from ostrdet.spaces import build_space
from ostrdet.structures import load_genotype
from tests.fixtures.work_dirs import read

CONFIGS = Path(__file__).parents[2] / 'configs' / 'search'
NB201 = build_space({'type': 'NASBench201Space'})
#: Cells by the numbers of NASLib, and made-up accuracies.
CELLS = {'(0,1,2,3,4,0)': 90.0, '(2,2,3,1,2,3)': 94.0, '(4,1,0,0,0,3)': 80.0, '(1,1,1,1,1,1)': 10.0}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    import_quietly()
    path = tmp_path / 'table.csv'
    lines = [f'"{cell}",{value},{-value}' for cell, value in CELLS.items()]
    path.write_text('\n'.join(['arch,cifar10,loss', *lines]), encoding='utf-8')
    return path


@pytest.fixture
def config(tiny_config: Any, tmp_path: Path) -> Path:
    tiny_config().dump(tmp_path / 'tiny.py')
    return tmp_path / 'tiny.py'


def run(table: Path, *options: object) -> int:
    return main(['proxies', '--table', str(table), '--out', str(table.parent), *map(str, options)])


def test_scores_of_all_cells_and_their_ranks(table: Path, config: Path, tmp_path: Path) -> None:
    assert run(table, '--config', config, '--scores', 'naswot', 'snip', '--column', 'loss') == 0
    rows, ranks = read(tmp_path / 'proxies.csv'), read(tmp_path / 'proxies_rank.csv')
    names = ['params', 'macs', 'naswot', 'snip']
    assert list(rows[0]) == ['arch', *names]
    assert [row['arch'] for row in rows] == decoded(CELLS)
    assert [(row['score'], row['n']) for row in ranks] == [(name, '4') for name in names]
    losses = [-value for value in CELLS.values()]
    for name, row in zip(names, ranks, strict=True):
        found = [float(r[name]) for r in rows]
        assert float(row['spearman']) == pytest.approx(spearmanr(found, losses).statistic)
        assert float(row['kendall']) == pytest.approx(kendalltau(found, losses).statistic)
    assert [float(row['naswot']) for row in rows][3] == -math.inf  # no path, so all codes agree


def test_without_a_config_sizes_are_published_and_images_are_noise(
    table: Path, tmp_path: Path
) -> None:
    cells = tmp_path / 'cells.txt'
    cells.write_text('\n'.join(['', *list(CELLS)[1:3], '']), encoding='utf-8')
    assert run(table, '--cells', cells, '--scores', 'synflow') == 0
    rows = read(tmp_path / 'proxies.csv')
    assert [row['arch'] for row in rows] == decoded(CELLS)[1:3]
    for row in rows:
        size = complexity(NB201.parse(row['arch']), 'cifar10')
        assert (float(row['params']), float(row['macs'])) == (size.params, size.macs)


def test_several_columns_are_ranked_by_the_same_scores(table: Path, tmp_path: Path) -> None:
    text = table.read_text(encoding='utf-8').splitlines()
    table.write_text('\n'.join([*text[:-1], text[-1].rpartition(',')[0] + ',']), encoding='utf-8')
    config = CONFIGS / 'rlnas_nb201_digits.py'  # its pipeline has a transform of this package
    assert run(table, '--column', 'loss', 'cifar10', '--scores', 'snip', '--config', config) == 0
    rows, ranks = read(tmp_path / 'proxies.csv'), read(tmp_path / 'proxies_rank.csv')
    assert [row['arch'] for row in rows] == decoded(CELLS)[:3]  # the others lack a column
    names = ['params', 'macs', 'snip']
    assert [(row['column'], row['score'], row['n']) for row in ranks] == [
        (column, name, '3') for column in ('loss', 'cifar10') for name in names
    ]
    for first, second in zip(ranks[:3], ranks[3:], strict=True):
        assert float(first['spearman']) == -float(second['spearman'])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--scores', 'snip'], "the score 'snip' needs the labels of its images"),
        (['--scores', 'snipp'], "unknown proxy 'snipp'. Did you mean 'snip'?"),
        (['--column', 'cifar'], "table.csv' has no column 'cifar'. Did you mean 'cifar10'?"),
        (['--column', 'cifar10', 'los'], "table.csv' has no column 'los'. Did you mean 'loss'?"),
        (['--space', 'DARTSSpace'], '--space DARTSSpace: the cells are of NASBench201Space'),
        (['--layout', 'cifar'], "unknown layout 'cifar'"),
        (['--cells', 'lost.txt'], 'lost.txt: No such file'),
        (['--cells', 'LOST'], 'does not hold the cell'),
    ],
)
def test_bad_input_is_one_line(
    table: Path, tmp_path: Path, options: list[str], message: str, capsys: Any
) -> None:
    lost = tmp_path / 'cells.txt'
    lost.write_text('(3,3,3,3,3,3)\n', encoding='utf-8')
    assert run(table, *[str(lost) if word == 'LOST' else word for word in options]) == 2
    captured = capsys.readouterr()
    assert captured.err.count('\n') == 1
    assert message in captured.err


def test_a_constant_score_has_no_correlation() -> None:
    row = correlations('a', [1.0, 1.0, 1.0], [1.0, 2.0, 3.0])
    assert math.isnan(row['spearman'])
    assert row['n'] == 3


def test_scores_are_near_to_the_stored_ones(shared_data: Path, tmp_path: Path) -> None:
    import_quietly()
    path = shared_data / 'tables' / 'zc_nasbench201.json'
    stored = json.loads(path.read_text())['nasbench201']['cifar10']
    keys = list(stored)[::20]
    cells = tmp_path / 'cells.txt'
    cells.write_text('\n'.join(keys), encoding='utf-8')
    table = shared_data / 'nasbench201_test_accuracy_200ep.csv'
    argv = ['--table', table, '--cells', cells, '--scores', 'synflow', '--out', tmp_path]
    assert main(['proxies', *map(str, argv)]) == 0
    rows = read(tmp_path / 'proxies.csv')
    assert [float(row['params']) / 1e6 for row in rows] == pytest.approx(
        [stored[key]['params'] for key in keys], abs=1e-9
    )
    theirs = [stored[key]['synflow'] for key in keys]
    assert spearmanr([float(row['synflow']) for row in rows], theirs).statistic > 0.97


def test_cells_of_the_darts_space_with_real_errors(shared_data: Path, tmp_path: Path) -> None:
    import_quietly()
    path = shared_data / 'tables' / 'genotypes_sgas_pt.json'
    table = load_table(path)
    errors, params = table.column('cifar10_test_error'), table.column('counted_params_M')
    assert len(errors) == 20
    chosen = [*errors][:3]
    (tmp_path / 'cells.txt').write_text('\n'.join(chosen), encoding='utf-8')
    argv = ['--table', path, '--cells', tmp_path / 'cells.txt', '--column', 'cifar10_test_error']
    argv += ['--space', 'DARTSSpace', '--scores', 'params', '--out', tmp_path]
    assert main(['proxies', *map(str, argv)]) == 0
    rows, ranks = read(tmp_path / 'proxies.csv'), read(tmp_path / 'proxies_rank.csv')
    for cell, row in zip(chosen, rows, strict=True):
        assert float(row['params']) / 1e6 == pytest.approx(params[cell], abs=0.01)
    expected = spearmanr([params[c] for c in chosen], [errors[c] for c in chosen]).statistic
    assert float(ranks[0]['spearman']) == pytest.approx(expected)


def test_a_supernet_judges_the_cells_as_random_search_does(
    table: Path, tiny_config: Any, tmp_path: Path, capsys: Any
) -> None:
    work_dir = tmp_path / 'searched'
    config = tiny_config({'default_hooks.selector.compare': []})
    config.default_hooks.selector.criterion = {'type': 'RandomSearch', 'candidates': 1, 'seed': 4}
    search(config, work_dir=work_dir)
    cell = NB201.format(load_genotype(work_dir / 'genotype.json'))
    table.write_text(f'arch,cifar10\n{cell},90\n"(1,1,1,1,1,1)",10\n', encoding='utf-8')
    found = select(work_dir, ['RandomSearch'])[0].genotype.provenance
    assert run(table, '--scores', 'params', '--supernet', work_dir, '--batches', 4) == 0
    rows, ranks = read(tmp_path / 'proxies.csv'), read(tmp_path / 'proxies_rank.csv')
    assert float(rows[0]['supernet']) == pytest.approx(found['accuracy'])
    assert float(rows[1]['supernet']) == 10.0  # chance: it has no path
    assert [row['score'] for row in ranks] == ['params', 'macs', 'supernet']
    capsys.readouterr()
    assert run(table, '--supernet', tmp_path / 'nothing') == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1
    assert 'holds no checkpoint' in error

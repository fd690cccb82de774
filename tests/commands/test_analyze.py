"""``tools/analyze.py`` as a user calls it: files, numbers, errors."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.stats import spearmanr

from ostrdet.commands.analyze import COMMANDS, build_parser, main
from ostrdet.evaluation.complexity import complexity
from ostrdet.spaces import build_space
from tests.fixtures.work_dirs import read, trajectory

CRITERIA = ('OperationStrength', 'OperationStrengthStar', 'PruningSaliency', 'AlphaSaliency', 'Magnitude')  # fmt: skip
OPS = ('none', 'skip_connect', 'nor_conv_1x1', 'avg_pool_3x3')
Analyze = Callable[..., None]


@pytest.fixture
def analyze(searches: Any, tmp_path: Path) -> Analyze:
    """Runs a command on the tiny searches, or some of them, into ``tmp_path``."""

    def run(command: str, *options: object, searches_: int = 2) -> None:
        folders = searches.folders[:searches_]
        argv = [command, *map(str, folders), '--out', str(tmp_path), *map(str, options)]
        assert main(argv) == 0

    return run


def variants(cell: str, edge: int) -> list[str]:
    """The texts of the cells with every operation at the given place of ``cell``."""
    places = list(re.finditer(r'\w+(?=~)', cell))
    start, end = places[edge].span()
    return [f'{cell[:start]}{op}{cell[end:]}' for op in OPS]


@pytest.mark.parametrize(('epoch', 'base'), [(None, None), (1, 'Magnitude')])
def test_correlation_is_that_of_the_table(
    searches: Any, analyze: Analyze, tmp_path: Path, epoch: int | None, base: str | None
) -> None:
    options = [] if epoch is None else ['--epoch', epoch, '--base', base]
    analyze('correlation', '--benchmark', searches.table, *options)
    rows = read(tmp_path / 'correlation.csv')
    assert len(rows) == 2 * 3 * len(CRITERIA)
    for folder, seed in zip(searches.folders, '01', strict=True):
        line = trajectory(folder)[(epoch or 2) - 1]
        cell = line['genotypes'][base or 'OperationStrength']
        for edge, name in enumerate(('1<-0', '2<-0', '2<-1')):
            accuracies = [searches.accuracies[text] for text in variants(cell, edge)]
            for criterion in CRITERIA:
                (row,) = [
                    r
                    for r in rows
                    if (r['search'], r['edge'], r['criterion']) == (folder.name, name, criterion)
                ]
                scores = line['scores'][criterion]['cell'][edge]
                expected = spearmanr(scores, accuracies).statistic
                assert float(row['spearman']) == pytest.approx(expected)
                assert (row['seed'], row['cell']) == (seed, 'cell')


def test_correlation_lists_scores_and_accuracies(
    searches: Any, analyze: Analyze, tmp_path: Path
) -> None:
    analyze('correlation', '--benchmark', searches.table, '--dataset', 'cifar100')
    rows = read(tmp_path / 'correlation_ops.csv')
    assert len(rows) == 2 * 3 * len(CRITERIA) * 4
    assert set(rows[0]) == {'search', 'cell', 'edge', 'criterion', 'op', 'score', 'accuracy'}
    halves = {f'{value / 2}' for value in searches.accuracies.values()}
    assert {row['accuracy'] for row in rows} <= halves


@pytest.mark.parametrize('png', [False, True])
def test_figures_are_svg_and_png_if_asked_for(
    analyze: Analyze, tmp_path: Path, png: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    analyze('stability', '--from-epoch', 1, *(['--png'] if png else []))
    assert '<svg' in (tmp_path / 'stability.svg').read_text()
    assert (tmp_path / 'stability.png').exists() == png
    written = re.findall(r'written: (.+)', capsys.readouterr().out)
    assert {Path(path.strip()) for path in written} == set(tmp_path.iterdir())


def test_stability_counts_cells_and_averages_accuracies(
    searches: Any, analyze: Analyze, tmp_path: Path
) -> None:
    analyze('stability', '--from-epoch', 1)
    lines = [trajectory(folder) for folder in searches.folders]
    rows = read(tmp_path / 'stability.csv')
    assert [row['criterion'] for row in rows] == list(CRITERIA)
    for row in rows:
        cells = [[line['genotypes'][row['criterion']] for line in search] for search in lines]
        accuracies = torch.tensor(
            [[searches.accuracies[cell] for cell in search] for search in cells]
        )
        assert float(row['last mean']) == pytest.approx(accuracies[:, -1].mean().item())
        assert float(row['last std']) == pytest.approx(accuracies[:, -1].std().item(), abs=1e-5)
        assert float(row['epochs mean']) == pytest.approx(accuracies.mean().item())
        within = accuracies.std(dim=1).mean().item()
        assert float(row['within std']) == pytest.approx(within, abs=1e-5)
        assert int(row['distinct last']) == len({search[-1] for search in cells})
        assert int(row['distinct all']) == len({cell for search in cells for cell in search})
        changes = sum(search[0] != search[1] for search in cells)
        assert float(row['changes']) == changes / 2
        assert float(row['stable since']) == 1 + changes / 2
    epochs = read(tmp_path / 'stability_epochs.csv')
    assert [row['epoch'] for row in epochs] == ['1', '2'] * len(CRITERIA)
    assert {row['n'] for row in epochs} == {'2'}


def test_criteria_measure_the_last_cells(searches: Any, analyze: Analyze, tmp_path: Path) -> None:
    analyze('criteria', '--layout', 'cifar100')
    rows = read(tmp_path / 'criteria.csv')
    assert len(rows) == 2 * len(CRITERIA)
    space = build_space({'type': 'NASBench201Space', 'num_nodes': 2, 'ops': OPS})
    sizes = {
        cell: complexity(space.parse(cell), 'cifar100') for cell in {row['cell'] for row in rows}
    }
    for row in rows:
        folder = searches.folders[int(row['seed'])]
        assert row['cell'] == trajectory(folder)[-1]['genotypes'][row['criterion']]
        assert float(row['params']) == sizes[row['cell']].params / 1e6
        assert float(row['macs']) == sizes[row['cell']].macs / 1e6
        assert float(row['cifar10']) == searches.accuracies[row['cell']]
        assert float(row['imagenet16_120']) == searches.accuracies[row['cell']] / 4
    for row in read(tmp_path / 'criteria_summary.csv'):
        values = [float(r['cifar10']) for r in rows if r['criterion'] == row['criterion']]
        assert float(row['cifar10 mean']) == pytest.approx(sum(values) / 2)
        assert row['cifar10 n'] == '2'


def test_loss_change_of_the_checkpoint(searches: Any, analyze: Analyze, tmp_path: Path) -> None:
    folder = searches.folders[0]
    options = ('--checkpoint', folder / 'epoch_1.pth', '--batches', 2, '--hessian')
    analyze('loss-change', *options, searches_=1)
    rows = read(tmp_path / 'loss-change.csv')
    signed = {row['estimate']: row for row in read(tmp_path / 'loss-change_signed.csv')}
    assert set(signed) == {'first_order', 'second_order', 'SecondOrderStrength', 'GaussNewtonStrength'}  # fmt: skip
    true = [float(row['true']) for row in rows]
    for name, row in signed.items():
        sign = -1 if name.endswith('Strength') else 1
        guess = [sign * float(candidate[name]) for candidate in rows]
        assert float(row['all candidates']) == pytest.approx(spearmanr(guess, true).statistic)
        errors = [abs(one - other) for one, other in zip(guess, true, strict=True)]
        assert float(row['mean error']) == pytest.approx(sum(errors) / len(errors))
    # A Gauss-Newton matrix is never negative
    assert all(-float(r['GaussNewtonStrength']) >= float(r['first_order']) - 1e-12 for r in rows)
    weights = torch.tensor([float(row['weight']) for row in rows]).view(3, 4)
    saved = torch.tensor(trajectory(folder)[0]['op_weights']['cell'])
    torch.testing.assert_close(weights, saved)
    # By identity the weighted first-order changes of an edge sum to zero
    estimates = torch.tensor([float(row['first_order']) for row in rows], dtype=torch.float64)
    sums = (weights.double() * estimates.view(3, 4)).sum(dim=1)
    torch.testing.assert_close(sums, torch.zeros(3, dtype=torch.float64), atol=1e-7, rtol=0)
    for row in rows:
        assert abs(float(row['true'])) <= float(row['true_abs']) * (1 + 1e-12)
        star = float(row['OperationStrength']) / float(row['weight'])
        assert float(row['OperationStrengthStar']) == pytest.approx(star, rel=1e-9)
    assert len(read(tmp_path / 'loss-change_saturation.csv')) == 3 * 11
    assert {path.suffix for path in tmp_path.iterdir()} == {'.csv', '.svg'}


@pytest.mark.parametrize(('every', 'epochs'), [(1, ['1', '2']), (2, ['2'])])
def test_landscape_follows_the_checkpoints(
    analyze: Analyze, tmp_path: Path, every: int, epochs: list[str]
) -> None:
    analyze('landscape', '--every', every)
    rows = read(tmp_path / 'landscape.csv')
    assert [row['epoch'] for row in rows] == epochs * 2
    assert {row['search'] for row in rows} == {'s0', 's1'}
    for row in rows:
        ends = float(row['smallest']), float(row['largest'])
        assert ends[0] < ends[1]
        assert float(row['dominant']) == max(ends, key=abs)


def test_residuals_follow_the_checkpoints(searches: Any, analyze: Analyze, tmp_path: Path) -> None:
    analyze('residuals')
    rows = read(tmp_path / 'residuals.csv')
    assert list(rows[0]) == ['search', 'epoch', 'cell_type', 'edge', 'op', 'weight', 'norm', 'relative']  # fmt: skip
    assert len(rows) == 2 * 2 * 3 * len(OPS)
    for row in rows:
        line = trajectory(searches.folders[int(row['search'][1])])[int(row['epoch']) - 1]
        edge = ('1<-0', '2<-0', '2<-1').index(row['edge'])
        expected = line['op_weights']['cell'][edge][OPS.index(row['op'])]
        assert float(row['weight']) == pytest.approx(expected)
        assert float(row['relative']) == pytest.approx(1) or row['op'] != 'none'
    for mean in read(tmp_path / 'residuals_ops.csv'):
        key = mean['op'], mean['epoch']
        values = torch.tensor([float(r['norm']) for r in rows if (r['op'], r['epoch']) == key])
        assert (int(mean['n']), len(values)) == (6, 6)
        assert float(mean['norm mean']) == pytest.approx(values.mean().item())
        assert float(mean['norm std']) == pytest.approx(values.std().item(), rel=1e-5)
    assert '<svg' in (tmp_path / 'residuals.svg').read_text()


@pytest.mark.parametrize(
    ('argv', 'message'),
    [
        (['correlation', 'S0'], 'from --benchmark PATH or from --retrain CONFIG; give one'),
        (
            ['correlation', 'S0', '--benchmark', 'TABLE', '--dataset', 'cifar'],
            "--dataset 'cifar': Did you mean 'cifar10'",
        ),
        (['correlation', 'S0', '--benchmark', 'no.csv'], "no benchmark table at 'no.csv'"),
        (['correlation', 'S0', '--benchmark', 'TABLE', '--base', 'Ostr'], "no criterion 'Ostr'"),
        (['correlation', 'S0', '--retrain', 'c.py', '--epochs', '0'], '--epochs 0: expected at le'),
        (['stability', 'nowhere'], "'nowhere' is no work dir of a search"),
        (['stability', 'S0'], 'has the epochs 1 to 2, not 5; give another'),
        (['criteria', 'S0', '--layout', 'cifar'], "unknown layout 'cifar'"),
        (['loss-change', 'S0', '--batches', '99'], '--batches 99: expected 1 to 4'),
        (['loss-change', 'S0', '--checkpoint', 'no.pth'], 'no.pth: No such file'),
        (['landscape', 'S0', '--every', '0'], '--every 0: expected at least 1'),
        (['residuals', 'S0', '--every', '0'], '--every 0: expected at least 1'),
        (['landscape', 'nowhere'], "'nowhere' holds no config"),
    ],
)
def test_bad_input_is_answered_with_one_line(
    searches: Any,
    tmp_path: Path,
    argv: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {'S0': str(searches.folders[0]), 'TABLE': str(searches.table)}
    out = tmp_path / 'out'
    assert main([*(names.get(word, word) for word in argv), '--out', str(out)]) == 2
    captured = capsys.readouterr()
    assert re.fullmatch(f'error: .*{re.escape(message)}.*\n', captured.err)
    assert not out.exists()


def documented(page: str) -> list[list[str]]:
    """The commands of the page that name a work dir or a table, as arguments of the tool."""
    joined = page.replace('\\\n', ' ')
    found = re.findall(
        r'^ {4}python tools/analyze\.py ((?:.*work_dirs/|proxies --table ).+)$',
        joined,
        re.MULTILINE,
    )
    return [shlex.split(line) for line in found]


def test_the_page_shows_commands_that_there_are(repo_root: Path) -> None:
    page = (repo_root / 'docs' / 'analysis.md').read_text(encoding='utf-8')
    parsed = [build_parser().parse_args(argv) for argv in documented(page)]
    assert {args.command for args in parsed} == set(COMMANDS)


def test_the_page_explains_every_column_of_stability(
    repo_root: Path, analyze: Analyze, tmp_path: Path
) -> None:
    analyze('stability', '--from-epoch', 1)
    page = (repo_root / 'docs' / 'analysis.md').read_text(encoding='utf-8')
    columns = set(read(tmp_path / 'stability.csv')[0]) - {'criterion', 'searches'}
    assert columns <= set(re.findall(r'`([^`]+)`', page))


def test_help_names_every_command_and_needs_nothing_heavy(
    repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(['--help'])
    out = capsys.readouterr().out
    assert all(re.search(rf'^ +{command}\b', out, re.MULTILINE) for command in COMMANDS)
    assert max(map(len, out.splitlines())) <= 100
    code = (
        'import sys; from ostrdet.commands.analyze import build_parser;'
        "build_parser().format_help(); sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd=repo_root)

"""``tools/analyze.py race``: ratios, leads and weights of the trajectories; what is grouped; errors."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ostrdet.analysis.ops import two_ops
from ostrdet.commands.analyze import main
from ostrdet.spaces import build_space
from tests.fixtures.work_dirs import read, trajectory

EDGES = ('1<-0', '2<-0', '2<-1')
SKIP, CONV = 1, 2  # places in the space of the tiny searches
Race = Callable[..., None]


@pytest.fixture
def race(searches: Any, tmp_path: Path) -> Race:
    """Runs the command on the tiny searches, or on others, into ``out``."""

    def run(*options: str, folders: list[Path] | None = None) -> None:
        argv = ['race', *map(str, folders or searches.folders), '--out', str(tmp_path / 'out')]
        assert main([*argv, *options]) == 0

    return run


def write_trajectory(folder: Path, lines: list[dict[str, Any]]) -> None:
    text = ''.join(json.dumps(line) + '\n' for line in lines)
    (folder / 'trajectory.jsonl').write_text(text, encoding='utf-8')


@pytest.mark.parametrize('criterion', ['OperationStrength', 'PruningSaliency'])
def test_rows_are_those_of_the_trajectories(
    searches: Any, race: Race, tmp_path: Path, criterion: str
) -> None:
    race('--criterion', criterion)
    rows = read(tmp_path / 'out' / 'race.csv')
    assert len(rows) == 2 * 3 * 2
    ops = ('none', 'skip_connect', 'nor_conv_1x1', 'avg_pool_3x3')
    for row in rows:
        line = trajectory(_of(searches, row))[int(row['epoch']) - 1]
        edge = EDGES.index(row['edge'])
        scores = line['scores'][criterion]['cell'][edge]
        second, best = sorted(scores)[-2:]
        assert float(row['ratio']) == pytest.approx(scores[SKIP] / scores[CONV], rel=1e-12)
        assert row['best'] == ops[scores.index(best)]
        assert float(row['lead']) == pytest.approx(100 * (best - second) / best, rel=1e-9)
        alphas, weights = line['alphas']['cell'][edge], line['op_weights']['cell'][edge]
        difference = alphas[SKIP] - alphas[CONV]
        assert float(row['alpha_difference']) == pytest.approx(difference, abs=1e-12)
        assert float(row['weight_ratio']) == pytest.approx(weights[SKIP] / weights[CONV], rel=1e-12)
        # the weights are a softmax of alpha
        assert float(row['weight_ratio']) == pytest.approx(math.exp(difference), rel=1e-5)
        assert (row['criterion'], row['cell']) == (criterion, 'cell')
        assert row['setting'] == 'num_cells 1, batch_size 16'


def _of(searches: Any, row: dict[str, str]) -> Path:
    (folder,) = [folder for folder in searches.folders if folder.name == row['search']]
    return folder


def test_the_order_of_the_operations_turns_the_ratio_over(race: Race, tmp_path: Path) -> None:
    found = []
    for ops in (('skip_connect', 'avg_pool_3x3'), ('avg_pool_3x3', 'skip_connect')):
        race('--ops', *ops)
        found.append(read(tmp_path / 'out' / 'race.csv'))
    for one, other in zip(*found, strict=True):
        assert float(one['ratio']) * float(other['ratio']) == pytest.approx(1)
        assert float(one['alpha_difference']) == -float(other['alpha_difference'])
        assert (one['best'], one['lead']) == (other['best'], other['lead'])


@pytest.fixture
def made_up(searches: Any, tmp_path: Path) -> list[Path]:
    """Three searches called alike; skip over convolution is 3, 0.5 at the end, and 2 at N 4."""
    folders = []
    for place, (ratio, depth) in enumerate([(3.0, 1), (0.5, 1), (2.0, 4)]):
        folder = tmp_path / str(place) / 'search'
        shutil.copytree(searches.folders[0], folder)
        lines = trajectory(folder)
        for line, conv in zip(lines, (0.0, 2.0), strict=True):
            for scores in line['scores']['OperationStrength']['cell']:
                scores[:] = [0.0, ratio * 2.0, conv, 0.5]
        write_trajectory(folder, lines)
        config = next(folder.glob('*.py'))
        text = config.read_text(encoding='utf-8')
        assert text.count('num_cells=1') == 1
        config.write_text(text.replace('num_cells=1', f'num_cells={depth}'), encoding='utf-8')
        folders.append(folder)
    return folders


def test_the_summary_is_of_the_last_epoch_by_setting(
    race: Race, made_up: list[Path], tmp_path: Path
) -> None:
    race(folders=made_up)
    rows = read(tmp_path / 'out' / 'race_summary.csv')
    assert [row['edge'] for row in rows] == [*EDGES, *EDGES]
    for row in rows[:3]:
        assert row['setting'] == 'num_cells 1, batch_size 16'
        assert float(row['ratio mean']) == 1.75
        assert float(row['ratio std']) == pytest.approx(2.5 / math.sqrt(2))
        assert row['wins'] == '1 of 2'
        assert float(row['lead mean']) == pytest.approx((100 * 2 / 3 + 50) / 2)
    for row in rows[3:]:
        assert (row['setting'], row['wins']) == ('num_cells 4, batch_size 16', '1 of 1')
        assert float(row['ratio mean']) == 2


def test_what_is_not_known_stays_empty(race: Race, made_up: list[Path], tmp_path: Path) -> None:
    folder = made_up[0]
    lines = trajectory(folder)
    lines[1]['scores']['OperationStrength'] = None  # alpha was frozen
    write_trajectory(folder, lines)
    race(folders=[folder])
    first, second, *_ = read(tmp_path / 'out' / 'race.csv')
    assert (first['ratio'], first['best']) == ('', 'skip_connect')  # over a score of zero
    assert float(first['lead']) == pytest.approx(100 * (6 - 0.5) / 6)
    assert (second['ratio'], second['best'], second['lead']) == ('', '', '')
    assert second['alpha_difference'] != ''
    (row, *_) = read(tmp_path / 'out' / 'race_summary.csv')
    assert row['wins'] == '0 of 0'
    assert (tmp_path / 'out' / 'race.svg').is_file()


def test_searches_are_grouped_by_any_key(race: Race, made_up: list[Path], tmp_path: Path) -> None:
    race('--group-by', 'model.supernet.channels', folders=made_up)
    rows = read(tmp_path / 'out' / 'race_summary.csv')
    assert {(row['setting'], row['wins']) for row in rows} == {('channels 4', '2 of 3')}


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            ['--ops', 'skip', 'nor_conv_1x1'],
            "--ops 'skip' is none of the space. Did you mean 'skip_",
        ),
        (['--ops', 'none', 'none'], '--ops none none: expected two different operations'),
        (['--criterion', 'Magnitud'], "has no criterion 'Magnitud'. Did you mean 'Magnitude'"),
        (['--group-by', 'model.supernet.cells'], "has no 'cells' there. Did you mean"),
        (['--group-by', 'work_dir.x'], "has no 'x' there"),
    ],
)
def test_bad_input_is_answered_with_one_line(
    refuses: Any, options: list[str], message: str
) -> None:
    refuses('race', options, message)


@pytest.mark.parametrize(
    ('space', 'expected'),
    [
        ({'type': 'NASBench201Space'}, ('skip_connect', 'nor_conv_3x3')),
        ({'type': 'DARTSSpace', 'ops': ['none', 'sep_conv_3x3', 'skip_connect']}, ('skip_connect', 'sep_conv_3x3')),
    ],
)  # fmt: skip
def test_the_default_is_the_skip_connection_and_the_largest_operation(
    space: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert two_ops(build_space(space)) == expected


def test_a_space_without_a_skip_connection_needs_names() -> None:
    space = build_space({'type': 'NASBench201Space', 'ops': ['none', 'nor_conv_1x1']})
    with pytest.raises(ValueError, match=r'lacks a skip connection .* --ops: none, nor_conv_1x1'):
        two_ops(space)
    assert two_ops(space, ['nor_conv_1x1', 'none']) == ('nor_conv_1x1', 'none')

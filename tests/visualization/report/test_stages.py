"""The page over all stages: what it says of each, and curves that go on from stage to stage."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ostrdet.commands.report import main as report
from ostrdet.records.history import read_history
from ostrdet.records.run_facts import RunFacts
from ostrdet.spaces import build_space
from ostrdet.visualization.report.report import report_of
from ostrdet.visualization.report.stages import join
from tests.fixtures.work_dirs import random_lines, write_work_dir

SPACE = {'type': 'NASBench201Space'}
KEPT = {'cell': [['none', 'skip_connect', 'nor_conv_3x3']] * 5 + [['skip_connect', 'nor_conv_3x3']]}
Facts = dict[str, Any]


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Three epochs of a first stage and two of a second, which keeps fewer candidates."""
    spaces = ({**SPACE}, {**SPACE, 'candidates': KEPT})
    for number, (space, epochs) in enumerate(zip(spaces, (3, 2), strict=True), start=1):
        told: Facts = {'criterion': 'Magnitude', 'config': 'two.py', 'max_epochs': 3}
        facts = RunFacts(build_space(space).to_config(), **told)
        write_work_dir(tmp_path / f'stage_{number}', stage_lines(space, epochs), facts)
    return tmp_path


def stage_lines(space: Facts, epochs: int) -> list[Any]:
    """Lines whose choices are cells of the space."""
    found = build_space(space)
    lines = random_lines(found, epochs, seed=epochs)
    text = '|nor_conv_3x3~0|+|skip_connect~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|'
    for line in lines:
        line['genotypes'] = dict.fromkeys(line['genotypes'], text)
    return lines


def test_the_page_has_a_row_per_stage(staged: Path) -> None:
    page = report_of(staged)
    first, second = re.findall(r'<tr><td>(?:<a[^>]*>)?(stage_.*?)</td>(.*?)</tr>', page)
    assert re.findall('<td>(.*?)</td>', first[1]) == ['3 of 3', '5', '51.0', '2 of 6', '3 min']
    assert re.findall('<td>(.*?)</td>', second[1]) == [
        '2 of 3',
        '2 to 3',
        '51.0',
        '2 of 6',
        '2 min',
    ]
    assert 'Search in stages: <code>two.py</code>' in page
    assert '<dt>epochs</dt><dd>5</dd><dd class="note">5 min in all</dd>' in page


def test_stages_are_linked_where_they_have_a_page(staged: Path) -> None:
    assert '<a ' not in report_of(staged)
    assert report([str(staged / 'stage_1')]) == 0
    assert re.findall(r'href="([^#"][^"]*html)"', report_of(staged)) == ['stage_1/report.html']


def test_the_tool_makes_the_page_on_top(staged: Path) -> None:
    assert report([str(staged)]) == 0
    assert (staged / 'report.html').read_text(encoding='utf-8') == report_of(staged)


def test_epochs_are_counted_on_and_curves_break_between_stages(staged: Path) -> None:
    histories = [read_history(staged / name) for name in ('stage_1', 'stage_2')]
    joined = join(histories)
    assert joined.epochs.tolist() == [1, 2, 3, 3.5, 4, 5]
    np.testing.assert_array_equal(joined.scalars('losses', 'loss'), [2, 1, 2 / 3, np.nan, 2, 1])
    assert [g is None for g in joined.genotypes['Magnitude']] == [False] * 3 + [True] + [False] * 2
    assert [line['epoch'] for line in histories[1].lines] == [1, 2]


def test_of_a_stage_that_has_only_begun_nothing_is_said(staged: Path) -> None:
    before = report_of(staged)
    (staged / 'stage_3').mkdir()
    assert report_of(staged) == before
    shutil.rmtree(staged / 'stage_2')
    (staged / 'stage_2').mkdir()
    assert report_of(staged).count('<tr><td>stage_') == 1


def test_a_search_whose_first_stage_has_no_epoch_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'stage_1').mkdir()
    with pytest.raises(FileNotFoundError, match=r"no epoch in '.*stage_1/trajectory\.jsonl'"):
        report_of(tmp_path)


def test_choices_of_different_spaces_share_no_curve(staged: Path) -> None:
    assert 'Stability of the choice' in report_of(staged)
    space = build_space({'type': 'DARTSSpace'})
    facts = RunFacts(space.to_config(), 'Magnitude', max_epochs=1)
    write_work_dir(staged / 'stage_3', random_lines(space, 1), facts)
    page = report_of(staged)
    assert 'Stability of the choice' not in page
    assert 'Losses of the supernet' in page

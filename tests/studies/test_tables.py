"""Means against closed forms, and what the three forms of the table say where runs are lacking."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ostrdet.evaluation.seed_statistics import Spread
from ostrdet.studies.file import Study
from ostrdet.studies.page import study_page
from ostrdet.studies.pairs import compare_groups
from ostrdet.studies.results import Group, Result, group_results, metric_names
from ostrdet.studies.tables import (
    csv_rows,
    latex,
    run_rows,
    table,
    to_latex,
    to_markdown,
    value_text,
)

CELL = '|none~0|+|none~0|none~1|'
STUDY = Study(
    {'a_b': 'a.py', 'c': 'c.py'}, [0, 1, 2], metrics=('val_accuracy', 'cifar10'), name='n'
)
Compare = Callable[..., tuple[list[Group], list[Result]]]


@pytest.fixture
def compare(make_run: Any) -> Compare:
    """The results of a whole group and of another, one run of which failed."""

    def make(values: Sequence[float | None] = (60.0, 64.0, None)) -> Any:
        results = [
            Result(
                make_run(seed, config='a_b'),
                'done',
                'Magnitude',
                {'val_accuracy': 50.0 + seed, 'cifar10': 90.0},
                CELL,
            )
            for seed in range(3)
        ]
        results += [
            Result(make_run(seed, config='c'), 'failed', '', {})
            if value is None
            else Result(make_run(seed, config='c'), 'done', 'Magnitude', {'val_accuracy': value})
            for seed, value in enumerate(values)
        ]
        return group_results(STUDY, results), results

    return make


def test_means_and_deviations_of_the_sample(compare: Compare) -> None:
    whole, part = compare()[0]
    assert whole.spreads == {'val_accuracy': Spread(51.0, 1.0, 3), 'cifar10': Spread(90.0, 0.0, 3)}
    assert part.spreads['val_accuracy'] == Spread(62.0, math.sqrt(8.0), 2)
    assert part.spreads['cifar10'].n == 0
    assert (whole.done, whole.planned, part.done, part.planned) == (3, 3, 2, 3)
    assert not whole.lacks('val_accuracy')
    assert part.lacks('val_accuracy')


def test_markdown_marks_what_lacks_runs(compare: Compare) -> None:
    assert to_markdown(*compare()) == (
        '| config | criterion | supernet accuracy (%) | cifar10 (%) | n |\n'
        '| --- | --- | --- | --- | --- |\n'
        '| a_b | Magnitude | 51.00 ± 1.00 | 90.00 ± 0.00 | 3 |\n'
        '| c | Magnitude | 62.00 ± 2.83† | - | 2 of 3 |\n'
        '\n† Mean over fewer runs than planned; lacking: c_s2 (failed).\n'
    )


def test_latex_marks_it_too_and_escapes(compare: Compare) -> None:
    lines = to_latex(*compare()).splitlines()
    assert lines[0] == r'\begin{tabular}{llrrr}'
    assert lines[2] == r'config & criterion & supernet accuracy (\%) & cifar10 (\%) & n \\'
    assert lines[4] == r'a\_b & Magnitude & 51.00 $\pm$ 1.00 & 90.00 $\pm$ 0.00 & 3 \\'
    assert lines[5] == r'c & Magnitude & 62.00 $\pm$ 2.83$^\dagger$ & - & 2 of 3 \\'
    assert lines[-1].endswith(r'lacking: c\_s2 (failed).')


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        (r'a\b', r'a\textbackslash{}b'),
        ('50 % & #1 $2', r'50 \% \& \#1 \$2'),
        ('{x_y}', r'\{x\_y\}'),
        ('~^', r'\textasciitilde{}\textasciicircum{}'),
    ],
)
def test_latex_escapes_every_command_letter(text: str, expected: str) -> None:
    assert latex(text) == expected


def test_csv_has_every_number_in_full(compare: Compare) -> None:
    _, part = csv_rows(compare()[0])
    assert part == {
        'config': 'c',
        'overrides': '',
        'criterion': 'Magnitude',
        'done': 2,
        'planned': 3,
        'val_accuracy mean': 62.0,
        'val_accuracy std': math.sqrt(8.0),
        'val_accuracy n': 2,
        'cifar10 mean': None,
        'cifar10 std': None,
        'cifar10 n': 0,
    }


def test_every_run_has_its_line(compare: Compare) -> None:
    rows = run_rows(compare()[1], metric_names(STUDY))
    assert [row['state'] for row in rows] == 5 * ['done'] + ['failed']
    assert (rows[1]['val_accuracy'], rows[1]['cell']) == (51.0, CELL)
    assert (rows[5]['run'], rows[5]['val_accuracy']) == ('c_s2', None)


def test_a_group_of_which_nothing_is_done_stays_in_the_table(compare: Compare) -> None:
    groups, results = compare((None, None, None))
    row = table(groups)[1]
    assert [*row.values()] == ['c', '-', '-', '-', '0 of 3']
    assert 'c_s0 (failed), c_s1 (failed), c_s2 (failed)' in to_markdown(groups, results)


def test_a_number_that_some_done_runs_lack_says_of_how_many_it_is() -> None:
    group = Group('a', '', '', {'cifar10': Spread(90.0, math.nan, 1)}, done=3, planned=3)
    assert value_text(group, 'cifar10') == '90.00† (1 of 3)'


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(KeyError, match="metrics: 'acuracy' is unknown"):
        metric_names(Study({'a': 'a.py'}, [0], metrics=('acuracy',)))


def test_metrics_by_the_table_need_one() -> None:
    assert metric_names(Study({'a': 'a.py'}, [0])) == ('val_accuracy', 'params')
    found = metric_names(Study({'a': 'a.py'}, [0], benchmark='table.csv'))
    assert found[:3] == ('cifar10', 'cifar100', 'imagenet16_120')
    assert metric_names(Study({'a': 'a.py'}, [0], tool='train')) == ('accuracy/top1',)


def test_criteria_have_rows_of_their_own(make_run: Any) -> None:
    study = Study({'a': 'a.py'}, [0, 1], metrics=('params',), criteria=('X', 'Y'))
    results = [
        Result(make_run(seed), 'done', name, {'params': value + seed})
        for seed in (0, 1)
        for name, value in (('X', 1.0), ('Y', 5.0))
    ]
    groups = group_results(study, results)
    assert [(g.criterion, g.spreads['params'].mean, g.planned) for g in groups] == [
        ('X', 1.5, 2),
        ('Y', 5.5, 2),
    ]


def test_rows_of_one_search_say_so(make_run: Any) -> None:
    metrics = ('val_accuracy', 'params')
    study = Study({'a': 'a.py'}, [0, 1], metrics=metrics, criteria=('X', 'Y'))
    results = [
        Result(make_run(seed), 'done', name, {'val_accuracy': 50.0, 'params': 1.0}, f'{name}-cell')
        for seed in (0, 1)
        for name in ('X', 'Y')
    ]
    groups = group_results(study, results)
    told = (
        'Rows that differ in their criterion alone are of the same searches, and share supernet '
        'accuracy (%).'
    )
    pairs = compare_groups(study, results)
    text = to_markdown(groups, results, pairs)
    assert told in text
    paired = '| against a, X | parameters (millions) |\n| --- | --- |\n| a, Y | +0.000 ± 0.000, better in'
    assert paired in text
    assert r'share supernet accuracy (\%)' in to_latex(groups, results)
    assert 'of the same searches' not in to_markdown(groups[:1], results)


def test_the_page_lists_the_cell_of_every_criterion(make_run: Any) -> None:
    study = Study({'a': 'a.py'}, [0], tool='train', metrics=('params',), criteria=('X', 'Y'))
    results = [
        Result(make_run(0), 'done', name, {'params': 1.0}, f'|{name}~0|') for name in ('X', 'Y')
    ]
    page = study_page(study, group_results(study, results), results, '')
    (cells,) = re.findall(r'<td>(X<br>.*?)</td>', page)
    assert cells == 'X<br><code>|X~0|</code><br>Y<br><code>|Y~0|</code>'
    assert '<h2>Seed by seed</h2>' in page


def test_the_page_of_trainings_names_what_failed(compare: Compare) -> None:
    groups, results = compare()
    study = Study(STUDY.configs, STUDY.seeds, tool='train', metrics=STUDY.metrics, name='a<b')
    page = study_page(study, groups, results, 'seeds: [0] # <script>')
    assert '<td>62.00 ± 2.83†</td>' in page
    assert 'Failed, and in no mean: c_s2.' in page
    assert 'a&lt;b' in page
    assert '<script' not in page
    assert page.count('<svg') == 2

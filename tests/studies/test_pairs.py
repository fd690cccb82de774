"""Groups seed by seed, against differences and wins that were counted by hand."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ostrdet.evaluation.seed_statistics import Spread
from ostrdet.studies.file import Study
from ostrdet.studies.metrics import METRICS, is_lower_better
from ostrdet.studies.pairs import Pair, compare_groups, pair_rows, pair_table, pair_text
from ostrdet.studies.results import Result

Values = Mapping[str, list[float | None]]
Make = Callable[..., list[Result]]


@pytest.fixture
def results(make_run: Any) -> Make:
    """Results by group and seed; None is a run that is not done."""

    def make(metric: str, values: Values, criteria: tuple[str, ...] = ('',)) -> list[Result]:
        return [
            Result(make_run(seed, config=config), 'failed', criterion, {})
            if value is None
            else Result(make_run(seed, config=config), 'done', criterion, {metric: value})
            for config, numbers in values.items()
            for seed, value in enumerate(numbers)
            for criterion in criteria
        ]

    return make


def study(metric: str, *configs: str, criteria: tuple[str, ...] = ()) -> Study:
    return Study(dict.fromkeys(configs, 'x.py'), [0], metrics=(metric,), criteria=criteria)


def test_differences_are_those_of_the_same_seed(results: Make) -> None:
    values: Values = {'a': [90.0, 92.0, 94.0, None], 'b': [91.0, 92.0, 97.0, 99.0]}
    (pair,) = compare_groups(study('cifar10', 'a', 'b'), results('cifar10', values))
    assert (pair.group, pair.reference, pair.metric) == ('b', 'a', 'cifar10')
    assert pair.difference == Spread(4 / 3, pytest.approx(math.sqrt(7 / 3)), 3)  # 1, 0, 3
    assert (pair.wins, pair.ties) == (2, 1)
    assert pair_text(pair) == '+1.33 ± 1.53, better in 2 of 3, equal in 1'


def test_a_shift_that_is_the_same_for_all_seeds_has_no_deviation(results: Make) -> None:
    """The groups overlap, and yet one is better in every seed."""
    values: Values = {'a': [50.0, 70.0, 90.0], 'b': [50.5, 70.5, 90.5]}
    (pair,) = compare_groups(study('cifar10', 'a', 'b'), results('cifar10', values))
    assert pair.difference == Spread(0.5, 0.0, 3)
    assert pair.wins == 3


@pytest.mark.parametrize(('metric', 'wins'), [('arch_loss', 1), ('val_accuracy', 2)])
def test_less_of_a_loss_wins(metric: str, wins: int, results: Make) -> None:
    values: Values = {'a': [1.0, 1.0, 1.0], 'b': [2.0, 3.0, 0.0]}
    (pair,) = compare_groups(study(metric, 'a', 'b'), results(metric, values))
    assert pair.wins == wins


@pytest.mark.parametrize(
    ('name', 'lower'),
    [('accuracy/top1', False), ('loss_cls', True), ('coco/bbox_mAP', False), ('macs', True)],
)
def test_what_is_better_of_trainings(name: str, lower: bool) -> None:
    assert is_lower_better(name) is lower


def test_every_metric_of_searches_has_a_direction() -> None:
    lower = {name for name, metric in METRICS.items() if metric.is_lower_better}
    assert lower == {'loss', 'arch_loss', 'params', 'macs', 'minutes'}


def test_every_group_is_compared_with_the_first(results: Make) -> None:
    values: Values = {name: [float(index)] for index, name in enumerate('abc')}
    pairs = compare_groups(study('cifar10', *'abc'), results('cifar10', values))
    assert [(pair.group, pair.difference.mean) for pair in pairs] == [('b', 1.0), ('c', 2.0)]
    title = 'cifar10 (%)'
    assert pair_table(pairs) == [
        {'against a': 'b', title: '+1.00, better in 1 of 1'},
        {'against a': 'c', title: '+2.00, better in 1 of 1'},
    ]


def test_criteria_of_one_search_share_what_is_the_searches(results: Make) -> None:
    criteria = ('X', 'Y')
    for metric, number in (('val_accuracy', 0), ('params', 1)):
        found = compare_groups(
            study(metric, 'a', criteria=criteria), results(metric, {'a': [1.0, 2.0]}, criteria)
        )
        assert len(found) == number
    assert (found[0].group, found[0].reference) == ('a, Y', 'a, X')


def test_groups_without_a_common_seed_have_no_difference(results: Make) -> None:
    values: Values = {'a': [1.0, None], 'b': [None, 2.0]}
    (pair,) = compare_groups(study('cifar10', 'a', 'b'), results('cifar10', values))
    assert pair_text(pair) == '-'
    assert pair_rows([pair])[0] == {
        'group': 'b',
        'reference': 'a',
        'metric': 'cifar10',
        'n': 0,
        'mean difference': None,
        'std': None,
        'wins': 0,
        'ties': 0,
    }


def test_one_group_is_compared_with_nothing(results: Make) -> None:
    assert compare_groups(study('cifar10', 'a'), results('cifar10', {'a': [1.0]})) == []
    assert pair_table([]) == []


def test_one_seed_has_no_deviation() -> None:
    assert pair_text(Pair('b', 'a', 'loss', Spread(-0.5, math.nan, 1), 1, 0)) == (
        '-0.5000, better in 1 of 1'
    )

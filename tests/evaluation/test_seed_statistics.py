"""Statistics over seeds and epochs, against numbers worked out by hand."""

import math

import pytest

from ostrdet.evaluation.seed_statistics import Spread, num_changes, spread, stable_since


def test_mean_and_sample_standard_deviation() -> None:
    found = spread([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert found.mean == 5
    assert found.std == pytest.approx(math.sqrt(32 / 7))
    assert found.n == 8


def test_what_is_not_known_is_not_counted() -> None:
    assert spread([None, 1.0, math.nan, 3.0]) == Spread(2.0, math.sqrt(2), 2)


def test_few_numbers_have_no_spread() -> None:
    assert spread([3.0]).n == 1
    assert math.isnan(spread([3.0]).std)
    assert math.isnan(spread([]).mean)


@pytest.mark.parametrize(
    ('values', 'text'),
    [([], '-'), ([93.654], '93.65'), ([-1e-17], '0.00'), ([1.0, 2.0], '1.50 +- 0.71')],
)
def test_as_text(values: list[float], text: str) -> None:
    assert str(spread(values)) == text


@pytest.mark.parametrize(
    ('cells', 'changes', 'since'),
    [
        (['a'], 0, 0),
        (['a', 'a', 'a'], 0, 0),
        (['a', 'b', 'a', 'a'], 2, 2),
        ([None, 'a', 'b'], 1, 2),
    ],
)
def test_changes_of_the_cell(cells: list[str | None], changes: int, since: int) -> None:
    assert num_changes(cells) == changes
    assert stable_since(cells) == since

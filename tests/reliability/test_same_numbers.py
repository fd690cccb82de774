"""The comparison behind ``same_numbers.py`` tells a single bit."""

from copy import deepcopy
from typing import Any

import pytest
import torch

from tests.reliability.same_numbers import differences


def run() -> dict[str, Any]:
    return {
        'state_dict': {'alpha': torch.tensor([0.1, 0.2]), 'count': torch.tensor(3)},
        'selector': {'criteria': {'OperationStrengthStar': {'sums': torch.tensor([1.0])}}},
        'trajectory': [{'epoch': 1, 'seconds': 3.5, 'losses': {'loss': 2.25}, 'benchmark': None}],
    }


def test_equal_runs_are_equal_whatever_the_clock_says() -> None:
    other = deepcopy(run())
    other['trajectory'][0]['seconds'] = 9.0
    assert list(differences(run(), other)) == []


def bit(values: dict[str, Any]) -> None:
    alpha = values['state_dict']['alpha']
    alpha[1] = torch.nextafter(alpha[1], torch.tensor(1.0))


def kind(values: dict[str, Any]) -> None:
    values['state_dict']['alpha'] = values['state_dict']['alpha'].double()


def loss(values: dict[str, Any]) -> None:
    values['trajectory'][0]['losses']['loss'] += 1e-15


def star(values: dict[str, Any]) -> None:
    values['selector']['criteria']['OperationStrengthStar']['sums'] *= 1.001


def order(values: dict[str, Any]) -> None:
    values['state_dict'] = dict(reversed(values['state_dict'].items()))


def damaged_star(values: dict[str, Any]) -> None:
    values['selector']['criteria']['OperationStrengthStar']['sums'][0] = torch.nan


def gone(values: dict[str, Any]) -> None:
    del values['state_dict']['count']


@pytest.mark.parametrize(
    ('change', 'place'),
    [
        (bit, '.state_dict.alpha'),
        (kind, '.state_dict.alpha'),
        (loss, '.trajectory.0.losses.loss'),
        (order, '.state_dict'),
        (star, '.selector.criteria.OperationStrengthStar.sums'),
        (damaged_star, '.selector.criteria.OperationStrengthStar.sums'),
        (gone, '.state_dict.count'),
    ],
)
def test_a_change_is_found(change: Any, place: str) -> None:
    other = deepcopy(run())
    change(other)
    (found,) = differences(run(), other)
    assert (found.place, found.is_new, found.is_rounding) == (place, False, False)


@pytest.mark.parametrize(
    ('old', 'new'),
    [
        (0.0, -0.0),
        (torch.zeros(2), -torch.zeros(2)),
        (torch.nan, torch.nan),
        ([1], (1,)),
        (1, True),
    ],
    ids=['sign', 'signs', 'NaN', 'sequence', 'bool'],
)
def test_values_that_look_alike_differ(old: Any, new: Any) -> None:
    (found,) = differences({'value': old}, {'value': new})
    assert (found.place, found.is_new, found.is_rounding) == ('.value', False, False)


def test_what_is_new_or_rewritten_is_no_difference() -> None:
    other = deepcopy(run())
    other['trajectory'][0]['progress'] = {}
    other['selector']['criteria']['OperationStrengthStar']['sums'] *= 1 + 1e-6
    found = list(differences(run(), other))
    assert sorted((one.is_new, one.is_rounding) for one in found) == [(False, True), (True, False)]

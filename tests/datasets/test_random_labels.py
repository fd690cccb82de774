"""Random labels: drawn once, uniform, and no part of what else a sample is."""

import numpy as np
import pytest

from ostrdet.datasets import Digits, RandomLabels, SeededSubset, labels_made, split_indices
from ostrdet.errors import InvalidValueError


def test_labels_are_those_of_the_sample_in_every_epoch_and_half() -> None:
    data = Digits(size=8, pipeline=[RandomLabels(10)])
    expected = [RandomLabels(10)({'sample_idx': i})['gt_label'] for i in range(len(data))]
    assert labels_made(data) == 10
    for half in split_indices(None, len(data), (0.5, 0.5)):
        subset = SeededSubset(data, half, seed=3)
        for epoch in (0, 5):
            found = [subset[epoch, place]['gt_label'] for place in range(0, len(half), 50)]
            assert found == [expected[i] for i in half[::50]]
    assert expected != [int(label) for label in data.get_gt_labels()]


def test_labels_are_uniform_and_depend_on_the_seed() -> None:
    draws = {
        seed: np.array(
            [RandomLabels(10, seed)({'sample_idx': i})['gt_label'] for i in range(20_000)]
        )
        for seed in (0, 1)
    }
    for found in draws.values():
        counts = np.bincount(found, minlength=10)
        assert ((counts - 2_000) ** 2 / 2_000).sum() < 33  # chi-square of 9 degrees, p about 1e-4
    assert abs((draws[0] == draws[1]).mean() - 0.1) < 4 * (0.09 / 20_000) ** 0.5


@pytest.mark.parametrize('number', [0, True, 2.5])
def test_a_number_of_labels_out_of_range_is_named(number: object) -> None:
    with pytest.raises(InvalidValueError, match=f'num_labels={number}, expected an integer from 1'):
        RandomLabels(number)

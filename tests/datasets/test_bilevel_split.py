"""The two halves of the training set: disjoint, stratified, of the promised sizes."""

import random
import re
from typing import Any

import numpy as np
import pytest

from ostrdet.datasets import check_portions, split_indices
from ostrdet.datasets.bilevel_split import stratified_counts

Portions = tuple[float, float]

RNG = np.random.default_rng(0)
# Class sizes: equal, nearly equal, long-tailed, one giant among singles, one sample each.
CLASS_SIZES = {
    'equal': np.full(10, 500),
    'nearly equal': RNG.integers(174, 184, 10),
    'long tail': 1 + 300 // np.arange(1, 40),
    'one giant': np.array([1000, *[1] * 1000]),
    'singles': np.ones(50, dtype=int),
    'random': RNG.integers(1, 40, 60),
}
PORTIONS: list[Portions] = [
    (0.5, 0.5),
    (0.1, 0.025),
    (0.128, 0.128),
    (0.3, 0.7),
    (0.29, 0.71),
    (0.4, 0.35),
    (0.9, 0.05),
]


def shuffled_labels(sizes_C: np.ndarray) -> np.ndarray:
    return np.random.default_rng(1).permutation(np.repeat(np.arange(len(sizes_C)), sizes_C))


@pytest.mark.parametrize('portions', PORTIONS, ids=str)
@pytest.mark.parametrize('sizes', CLASS_SIZES)
def test_halves_are_disjoint_stratified_and_of_the_right_size(
    sizes: str, portions: Portions
) -> None:
    sizes_C = CLASS_SIZES[sizes]
    labels_N = shuffled_labels(sizes_C)
    size = len(labels_N)
    halves = split_indices(labels_N, size, portions)
    ends = int(portions[0] * size + 0.5 + 1e-6), int(sum(portions) * size + 0.5 + 1e-6)
    assert [len(half) for half in halves] == [ends[0], ends[1] - ends[0]]
    assert not set(halves[0]) & set(halves[1])
    for half, portion in zip(halves, portions, strict=True):
        assert half.dtype == np.int64
        assert np.array_equal(half, np.unique(half))
        assert half[0] >= 0
        assert half[-1] < size
        of_class_C = np.bincount(labels_N[half], minlength=len(sizes_C))
        assert np.abs(of_class_C - portion * sizes_C).max() < 1


def test_random_class_sizes_and_portions() -> None:
    rng = np.random.default_rng(2)
    for _ in range(500):
        sizes_C = rng.integers(1, rng.choice([3, 8, 50]), rng.integers(1, 12))
        first = rng.uniform(0.05, 0.9)
        second = rng.uniform(0.05, 1) * (1 - first)
        size = sizes_C.sum()
        totals = int(first * size + 0.5), int((first + second) * size + 0.5)
        counts = stratified_counts(sizes_C, (first, second), (totals[0], totals[1] - totals[0]))
        assert (counts[0] + counts[1] <= sizes_C).all()
        assert [count.sum() for count in counts] == [totals[0], totals[1] - totals[0]]
        for count_C, portion in zip(counts, (first, second), strict=True):
            assert (count_C >= 0).all()
            assert np.abs(count_C - portion * sizes_C).max() < 1


def test_halves_of_everything_are_complements() -> None:
    labels_N = shuffled_labels(CLASS_SIZES['random'])
    weights, arch = split_indices(labels_N, len(labels_N), (0.5, 0.5))
    assert sorted([*weights, *arch]) == list(range(len(labels_N)))


def test_the_seed_chooses_the_split_and_nothing_else_does() -> None:
    labels = [0, 1] * 100
    first = split_indices(labels, 200, (0.5, 0.5), seed=3)
    random.seed(1)
    np.random.seed(1)
    again = split_indices(labels, 200, (0.5, 0.5), seed=3)
    other = split_indices(labels, 200, (0.5, 0.5), seed=4)
    assert all(map(np.array_equal, first, again))
    assert not any(map(np.array_equal, first, other))


def test_the_names_of_the_classes_do_not_matter() -> None:
    labels_N = shuffled_labels(CLASS_SIZES['equal'])
    plain = split_indices(labels_N, len(labels_N), (0.3, 0.2))
    shifted = split_indices((labels_N * 7 - 20).tolist(), len(labels_N), (0.3, 0.2))
    assert all(map(np.array_equal, plain, shifted))


def test_without_labels_the_whole_set_is_one_class() -> None:
    plain = split_indices(None, 101, (0.5, 0.25))
    assert [len(half) for half in plain] == [51, 25]
    assert all(map(np.array_equal, plain, split_indices([0] * 101, 101, (0.5, 0.25))))


def test_the_first_samples_are_not_preferred() -> None:
    """Over many seeds every sample is as often in the weight half as its portion says."""
    times_N = np.zeros(20)
    for seed in range(400):
        times_N[split_indices([0] * 10 + [1] * 10, 20, (0.3, 0.3), seed)[0]] += 1
    assert times_N.sum() == 400 * 6
    assert np.abs(times_N - 120).max() < 5 * np.sqrt(400 * 0.3 * 0.7)


@pytest.mark.parametrize(
    ('portions', 'message'),
    [
        ((0.5, 0.6), 'the halves would share samples, as the sum is 1.1; expected at most 1'),
        ((0.9, 0.11), 'the halves would share samples, as the sum is 1.01'),
        ((0.0, 0.5), 'expected two numbers in (0, 1)'),
        ((0.5, 1.0), 'expected two numbers in (0, 1)'),
        ((-0.1, 0.5), 'expected two numbers in (0, 1)'),
        ((float('nan'), 0.5), 'expected two numbers in (0, 1)'),
        ((0.0,), 'expected two numbers in (0, 1)'),
        ((1.1,), 'expected two numbers in (0, 1)'),
        ((0.2, 0.3, 0.5), 'expected two numbers in (0, 1)'),
        (('half', 0.5), 'expected two numbers in (0, 1)'),
        (0.5, 'expected two numbers in (0, 1)'),
        (None, 'expected two numbers in (0, 1)'),
    ],
)
def test_impossible_portions_are_refused(portions: Any, message: str) -> None:
    start = f'train_cfg.portions={portions!r}: {message}'
    with pytest.raises(ValueError, match=f'^{re.escape(start)}'):
        split_indices([0] * 100, 100, portions)


@pytest.mark.parametrize('portions', [(0.5, 0.5), [0.1, 0.9], (0.7, 0.3), (1 / 3, 2 / 3)])
def test_portions_may_use_everything(portions: Any) -> None:
    assert check_portions(portions) == tuple(portions)


@pytest.mark.parametrize(
    ('size', 'portions', 'sizes'),
    [
        (10, (0.04, 0.5), '0 for the weights, 5 for the architecture'),
        (10, (0.5, 0.04), '5 for the weights, 0 for the architecture'),
        (0, (0.5, 0.5), '0 for the weights, 0 for the architecture'),
    ],
)
def test_an_empty_half_is_refused(size: int, portions: Portions, sizes: str) -> None:
    start = f'train_cfg.portions={portions} of {size} samples leaves a half empty: {sizes}'
    with pytest.raises(ValueError, match=re.escape(start)):
        split_indices(None, size, portions)


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match='one label per sample: 3 samples, 2 labels'):
        split_indices([0, 1], 3, (0.5, 0.5))


def test_one_portion_is_one_set_of_samples() -> None:
    labels = [index % 4 for index in range(40)]
    (whole,) = split_indices(labels, 40, (1.0,))
    assert whole.tolist() == list(range(40))
    (half,) = split_indices(labels, 40, (0.5,), seed=3)
    assert np.bincount(np.asarray(labels)[half]).tolist() == [5, 5, 5, 5]

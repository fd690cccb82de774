"""The portions of the training set: one trains the weights, the other the architecture."""

import math
from collections.abc import Sequence

import numpy as np

from ostrdet.datasets.seeding import seeded_permutation
from ostrdet.errors import InvalidValueError

KEY = 'train_cfg.portions'
TOLERANCE = 1e-9


def split_indices(
    labels: Sequence[int] | np.ndarray | None,
    size: int,
    portions: tuple[float, ...],
    seed: int = 0,
) -> tuple[np.ndarray, ...]:
    """Split a data set into a weight half and an architecture half that share no sample.

    A single portion, for a search on one level, gives one set of samples alone.

    Their sizes are ``round(p0 * size)`` and ``round((p0 + p1) * size) - round(p0 * size)``, and a
    class of n samples gives ``p0 * n`` and ``p1 * n`` of them, each rounded up or down. Nothing but
    the arguments matters: not the number of processes or workers, nor the state of any generator.

    Args:
        labels: Class of every sample, shape (size,); None splits without regard to classes.
        size: Number of samples.
        portions: Portions of the samples for the weights and for the architecture, each in (0, 1),
            with a sum of at most 1. The ImageNet proxy of PC-DARTS is (0.1, 0.025). Or one of them, in
            (0, 1].
        seed: Chooses the split.

    Returns:
        Sorted int64 indices of every portion.

    Raises:
        InvalidValueError: If the portions are not two numbers in (0, 1), overlap, or leave a half
            empty, or if there is not one label per sample.

    Examples:
        >>> weights, arch = split_indices([0, 0, 1, 1], 4, (0.5, 0.5))
        >>> sorted([*weights.tolist(), *arch.tolist()])
        [0, 1, 2, 3]
    """
    first, *others = check_portions(portions)
    second = others[0] if others else 0.0
    if labels is not None and len(labels) != size:
        raise InvalidValueError(
            f'expected one label per sample: {size} samples, {len(labels)} labels'
        )
    classes_N = np.zeros(size, dtype=np.int64) if labels is None else np.asarray(labels)
    middle, end = _nearest_int(first * size), _nearest_int((first + second) * size)
    if middle == 0 or (others and end == middle):
        raise InvalidValueError(
            f'{KEY}={portions} of {size} samples leaves a half empty: '
            f'{middle} for the weights, {end - middle} for the architecture. '
            'Use larger portions or more samples.'
        )
    _, class_N, counts_C = np.unique(classes_N, return_inverse=True, return_counts=True)
    sizes = middle, end - middle
    weights_C, arch_C = stratified_counts(counts_C, (first, second), sizes)
    rank_N = _rank_in_class(class_N, counts_C, seed)
    in_weights_N = rank_N < weights_C[class_N]
    in_arch_N = ~in_weights_N & (rank_N < (weights_C + arch_C)[class_N])
    halves = np.flatnonzero(in_weights_N), np.flatnonzero(in_arch_N)
    return halves if others else halves[:1]


def stratified_counts(
    counts_C: np.ndarray, portions: tuple[float, float], sizes: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """How many samples of each class go to either half.

    Both numbers are the class's portion, rounded up or down: up for the largest remainders, until
    the half has its size. Where the two portions leave a class one sample, it can be rounded up for
    one half only. Such classes come last in the first half, which always leaves the second enough.

    Args:
        counts_C: Samples of each class, shape (C,).
        portions: Portions of every class.
        sizes: Sizes of the halves; each the sum of its portions, rounded up or down.

    Returns:
        Two int64 arrays, shape (C,) each, whose sums are ``sizes``.
    """
    exact_2C = np.outer(portions, counts_C)
    floor_2C = _floor(exact_2C)
    first_C = _round_to_sum(exact_2C[0], sizes[0], last_C=counts_C - floor_2C.sum(axis=0) < 2)
    second_C = _round_to_sum(exact_2C[1], sizes[1], last_C=first_C + floor_2C[1] >= counts_C)
    return first_C, second_C


def _round_to_sum(exact_C: np.ndarray, total: int, last_C: np.ndarray) -> np.ndarray:
    rounded_C = _floor(exact_C)
    rest_C = exact_C - rounded_C
    order_C = np.lexsort((-rest_C, last_C, rest_C <= TOLERANCE))
    rounded_C[order_C[: total - rounded_C.sum()]] += 1
    return rounded_C


def _floor(exact: np.ndarray) -> np.ndarray:
    return np.floor(exact + TOLERANCE).astype(np.int64)


def _rank_in_class(class_N: np.ndarray, counts_C: np.ndarray, seed: int) -> np.ndarray:
    """The place of every sample among those of its class, in a seeded shuffle."""
    shuffled_N = seeded_permutation(len(class_N), seed)
    by_class_N = shuffled_N[np.argsort(class_N[shuffled_N], kind='stable')]
    rank_N = np.empty_like(by_class_N)
    rank_N[by_class_N] = np.arange(len(class_N)) - np.repeat(
        np.cumsum(counts_C) - counts_C, counts_C
    )
    return rank_N


def check_portions(portions: Sequence[float]) -> tuple[float, ...]:
    """The portions as floats.

    Raises:
        InvalidValueError: If they are neither two numbers in (0, 1) with a sum of at most 1, nor one in
            (0, 1].
    """
    try:
        found = tuple(float(portion) for portion in portions)
    except (TypeError, ValueError):
        found = ()
    if len(found) == 1 and 0 < found[0] <= 1:
        return found
    first, second = found if len(found) == 2 else (math.nan, math.nan)
    if not (0 < first < 1 and 0 < second < 1):
        raise InvalidValueError(
            f'{KEY}={portions!r}: expected two numbers in (0, 1), the portion of the training '
            'samples for the weights and the one for the architecture, such as (0.5, 0.5), or one '
            'number in (0, 1] for a search on one level'
        )
    if first + second > 1 + TOLERANCE:
        raise InvalidValueError(
            f'{KEY}={portions!r}: the halves would share samples, as the sum is {first + second:g}; '
            'expected at most 1. Make one of the two smaller.'
        )
    return first, second


def _nearest_int(value: float) -> int:
    return math.floor(value + 0.5 + TOLERANCE)

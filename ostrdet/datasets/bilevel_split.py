"""The two halves of the training set: one trains the weights, the other the architecture."""

import math
from collections.abc import Sequence

import numpy as np

from ostrdet.datasets.seeding import seeded_permutation

KEY = 'train_cfg.portions'
TOLERANCE = 1e-9


def split_indices(
    labels: Sequence[int] | None,
    size: int,
    portions: tuple[float, float],
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Split a data set into a weight half and an architecture half that share no sample.

    The halves are consecutive stretches of :func:`stratified_order`. So their sizes are
    ``round(p0 * size)`` and ``round((p0 + p1) * size) - round(p0 * size)``, and a class of n samples
    gives either half its portion of n to within one sample. Nothing but the arguments matters: not
    the number of processes or workers, nor the state of any generator.

    Args:
        labels: Class of every sample, shape (size,); None splits without regard to classes.
        size: Number of samples.
        portions: Portions of the samples for the weights and for the architecture, each in (0, 1),
            with a sum of at most 1. The ImageNet proxy of PC-DARTS is (0.1, 0.025).
        seed: Chooses the split.

    Returns:
        Sorted int64 indices of the weight half and of the architecture half.

    Raises:
        ValueError: If the portions are not two numbers in (0, 1), overlap, or leave a half empty,
            or if there is not one label per sample.

    Examples:
        >>> weights, arch = split_indices([0, 0, 1, 1], 4, (0.5, 0.5))
        >>> sorted([*weights.tolist(), *arch.tolist()])
        [0, 1, 2, 3]
    """
    first, second = check_portions(portions)
    if labels is not None and len(labels) != size:
        raise ValueError(f'expected one label per sample: {size} samples, {len(labels)} labels')
    classes_N = np.zeros(size, dtype=np.int64) if labels is None else np.asarray(labels)
    middle, end = _nearest_int(first * size), _nearest_int((first + second) * size)
    if middle == 0 or end == middle:
        raise ValueError(
            f'{KEY}={portions} of {size} samples leaves a half empty: '
            f'{middle} for the weights, {end - middle} for the architecture. '
            'Use larger portions or more samples.'
        )
    order_N = stratified_order(classes_N, seed)
    return np.sort(order_N[:middle]), np.sort(order_N[middle:end])


def stratified_order(labels_N: np.ndarray, seed: int = 0) -> np.ndarray:
    """A seeded shuffle in which every stretch holds the classes in the proportion of the whole.

    Within its class the shuffled sample k of n gets the place (k + 1/2) / n; all samples are sorted by
    place, and equal places by the shuffle. So a portion p from the start holds p * n of each class,
    to within one.

    Args:
        labels_N: Class of every sample, shape (N,).
        seed: Chooses the shuffle.

    Returns:
        All indices, int64, shape (N,).
    """
    shuffled_N = seeded_permutation(len(labels_N), seed)
    _, class_N, counts_C = np.unique(labels_N[shuffled_N], return_inverse=True, return_counts=True)
    by_class_N = np.argsort(class_N, kind='stable')
    rank_N = np.arange(len(labels_N)) - np.repeat(np.cumsum(counts_C) - counts_C, counts_C)
    place_N = (rank_N + 0.5) / np.repeat(counts_C, counts_C)
    return shuffled_N[by_class_N[np.lexsort((by_class_N, place_N))]]


def check_portions(portions: Sequence[float]) -> tuple[float, float]:
    """The two portions as floats.

    Raises:
        ValueError: If they are not two numbers in (0, 1) with a sum of at most 1.
    """
    try:
        first, second = (float(portion) for portion in portions)
    except (TypeError, ValueError):
        first = second = math.nan
    if not (0 < first < 1 and 0 < second < 1):
        raise ValueError(
            f'{KEY}={portions!r}: expected two numbers in (0, 1), the portion of the training '
            'samples for the weights and the one for the architecture, such as (0.5, 0.5)'
        )
    if first + second > 1 + TOLERANCE:
        raise ValueError(
            f'{KEY}={portions!r}: the halves would share samples, as the sum is {first + second:g}; '
            'expected at most 1. Make one of the two smaller.'
        )
    return first, second


def _nearest_int(value: float) -> int:
    return math.floor(value + 0.5 + TOLERANCE)

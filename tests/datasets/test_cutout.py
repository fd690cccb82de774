"""Cutout against the holes of DARTS: every centre, with its probability."""

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from ostrdet.datasets import Cutout
from ostrdet.registry import TRANSFORMS

SIZE, LENGTH = 32, 16
Sides = tuple[int, int]
Hole = tuple[Sides, Sides]


def sides_of(centre: int, size: int, length: int) -> Sides:
    """First pixel of the hole and the one behind its last: half a length to either side, clipped."""
    half = length // 2
    return max(0, centre - half), min(size, centre + half)


def hole_of(image: np.ndarray) -> Hole:
    """The zeros of an image, which must be one rectangle."""
    zero = image == 0
    rows, columns = np.flatnonzero(zero.any(axis=1)), np.flatnonzero(zero.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    assert zero.sum() == (bottom - top) * (right - left)
    return (int(top), int(bottom)), (int(left), int(right))


def draw(centre: Sides, monkeypatch: pytest.MonkeyPatch, size: Sides = (SIZE, SIZE)) -> Hole:
    """The hole around one centre; also checks the range that it is drawn from."""
    drawn = iter(zip(centre, size, strict=True))

    def randint(high: int) -> int:
        value, expected = next(drawn)
        assert high == expected
        return value

    monkeypatch.setattr(np.random, 'randint', randint)
    return hole_of(Cutout(LENGTH)({'img': np.ones(size)})['img'])


@pytest.mark.parametrize('size', [(SIZE, SIZE), (20, 12)])
def test_the_hole_of_every_centre(size: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    for y, x in product(range(size[0]), range(size[1])):
        expected = sides_of(y, size[0], LENGTH), sides_of(x, size[1], LENGTH)
        assert draw((y, x), monkeypatch, size) == expected


def test_the_published_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    holes = [draw(centre, monkeypatch) for centre in product(range(SIZE), repeat=2)]
    areas = [(bottom - top) * (right - left) for (top, bottom), (left, right) in holes]
    assert np.mean([area == LENGTH**2 for area in areas]) == (17 / 32) ** 2  # 28 %
    assert np.mean(areas) / SIZE**2 == (14 / 32) ** 2  # 19.1 %


def test_centres_are_uniform() -> None:
    """Chi-squared over all centres, which the holes tell."""
    np.random.seed(0)
    draws, cutout, image = 100_000, Cutout(LENGTH), np.ones((SIZE, SIZE), np.uint8)
    found = Counter(hole_of(cutout({'img': image})['img']) for _ in range(draws))
    sides = [sides_of(centre, SIZE, LENGTH) for centre in range(SIZE)]
    expected = Counter(product(sides, sides))
    assert len(expected) == SIZE**2
    assert found.keys() == expected.keys()
    counts = [found[hole] for hole in expected]
    assert chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize('shape', [(4, 6, 3), (4, 6)])
@pytest.mark.parametrize('fill', [0, 7.5])
def test_only_the_hole_changes(shape: tuple[int, ...], fill: float) -> None:
    image = np.random.default_rng(0).random(shape).astype(np.float32) + 1
    before = image.copy()
    results = TRANSFORMS.build({'type': 'ostrdet.Cutout', 'length': 3, 'fill': fill})(
        {'img': image, 'gt_label': 3}
    )
    cut = results['img']
    assert np.array_equal(image, before)
    assert (cut.shape, cut.dtype, results['gt_label']) == (shape, np.float32, 3)
    hole = cut == np.float32(fill)
    assert np.array_equal(cut[~hole], image[~hole])
    assert 2 * 2 <= hole.reshape(4, 6, -1).all(axis=2).sum() <= 3 * 3


def test_it_draws_from_the_seeded_generator() -> None:
    drawn = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        drawn.append([hole_of(Cutout(16)({'img': np.ones((32, 32))})['img']) for _ in range(5)])
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize('length', [0, -16])
def test_impossible_lengths_are_refused(length: Any) -> None:
    with pytest.raises(ValueError, match=f'expected length >= 1, got length={length}'):
        Cutout(length)

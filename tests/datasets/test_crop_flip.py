"""PadCropFlip against the two stock transforms: every outcome, with its probability."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from mmcv.transforms import RandomFlip
from mmpretrain.datasets import RandomCrop

from ostrdet.datasets import PadCropFlip
from ostrdet.registry import TRANSFORMS

IMAGE = np.arange(1, 13, dtype=np.uint8).reshape(2, 2, 3)


class Drawn:
    """Stands in for ``numpy.random``: gives the numbers asked for, and checks how they are drawn."""

    def __init__(self, offsets: tuple[int, int], flip: bool, padding: int, prob: Fraction) -> None:
        self.offsets: Iterator[int] = iter(offsets)
        self.flip, self.padding, self.prob = flip, padding, prob

    def randint(self, low: int, high: int) -> int:
        assert (low, high) == (0, 2 * self.padding + 1)
        return next(self.offsets)

    def random(self) -> float:
        """The greatest number that still flips, or the least that does not."""
        prob = float(self.prob)
        return float(np.nextafter(prob, 0)) if self.flip else prob

    def choice(self, directions: list[str | None], p: list[float]) -> str | None:
        assert dict(zip(directions, p, strict=True))['horizontal'] == float(self.prob)
        return 'horizontal' if self.flip else None


def outcomes(
    transforms: list[Any],
    image: np.ndarray,
    padding: int,
    prob: Fraction,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[bytes, Fraction]:
    """The probability of every image that can come out."""
    found: dict[bytes, Fraction] = {}
    places = 2 * padding + 1
    for *offsets, flip in product(range(places), range(places), (False, True)):
        drawn = Drawn((offsets[0], offsets[1]), flip, padding, prob)
        for name in ('randint', 'random', 'choice'):
            monkeypatch.setattr(np.random, name, getattr(drawn, name))
        results: dict[str, Any] = {'img': image.copy()}
        for transform in transforms:
            results = transform(results)
        key = results['img'].tobytes()
        weight = (prob if flip else 1 - prob) / places**2
        found[key] = found.get(key, Fraction(0)) + weight
    return found


@pytest.mark.parametrize('padding', [1, 2])
@pytest.mark.parametrize('prob', [Fraction(1, 2), Fraction(1, 4)])
def test_distribution_is_that_of_the_stock_transforms(
    padding: int, prob: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock = [RandomCrop(2, padding=padding), RandomFlip(float(prob), 'horizontal')]
    expected = outcomes(stock, IMAGE, padding, prob, monkeypatch)
    ours = outcomes([PadCropFlip(padding, float(prob))], IMAGE, padding, prob, monkeypatch)
    assert ours == expected
    assert sum(ours.values()) == 1
    # Windows that miss the image are black, whether flipped or not
    assert len(ours) == (18 if padding == 1 else 19)


@pytest.mark.parametrize('shape', [(4, 6, 3), (4, 6, 1), (4, 6), (4, 6, 7)])
def test_shape_and_type_stay(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    for _ in range(20):
        cropped = PadCropFlip(2)({'img': image})['img']
        assert cropped.shape == shape
        assert cropped.dtype == np.float32
        assert cropped.flags.c_contiguous


def test_without_padding_and_flip_nothing_changes() -> None:
    results = {'img': IMAGE, 'gt_label': 3}
    untouched = IMAGE.copy()
    cropped = TRANSFORMS.build({'type': 'ostrdet.PadCropFlip', 'padding': 0, 'flip_prob': 0})(
        results
    )
    assert np.array_equal(cropped['img'], IMAGE)
    assert cropped['gt_label'] == 3
    cropped['img'][:] = 0
    assert np.array_equal(IMAGE, untouched)


def test_a_sure_flip_mirrors_left_and_right() -> None:
    assert np.array_equal(PadCropFlip(0, 1)({'img': IMAGE})['img'], IMAGE[:, ::-1])


def test_it_draws_from_the_seeded_generator() -> None:
    image = np.random.default_rng(0).integers(1, 256, (16, 16, 3), dtype=np.uint8)
    drawn = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        drawn.append([PadCropFlip(4)({'img': image})['img'].tobytes() for _ in range(5)])
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize('arguments', [(-1,), (1, -0.1), (1, 1.1), (1, float('nan'))])
def test_impossible_arguments_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(
        ValueError, match=rf'expected padding >= 0 .* got padding={arguments[0]}, fl'
    ):
        PadCropFlip(*arguments)

"""Batches of one orientation: those of mmdet, from any of them on."""

from typing import Any

import numpy as np
import pytest

from ostrdet.datasets import AspectRatioBatchSampler, EpochSampler, SeededSubset, seeded_permutation


class Sized:
    """A data set that knows the size of its images, and can't read them."""

    def __init__(self, sizes: list[tuple[int, int]]) -> None:
        self.sizes = sizes

    def __len__(self) -> int:
        return len(self.sizes)

    def get_data_info(self, index: int) -> dict[str, int]:
        width, height = self.sizes[index]
        return {'width': width, 'height': height}


def dataset(size: int, seed: int) -> SeededSubset:
    draw = np.random.default_rng(seed)
    sizes = [(int(w), int(h)) for w, h in draw.integers(1, 4, (size, 2))]
    return SeededSubset(Sized(sizes), seeded_permutation(size, seed))


def batches(data: SeededSubset, start: int = 0, epoch: int = 1, **options: Any) -> list[Any]:
    sampler = AspectRatioBatchSampler(EpochSampler(data, seed=5), **options)
    sampler.set_epoch(epoch, start)
    return list(sampler)


@pytest.mark.parametrize('drop_last', [False, True])
@pytest.mark.parametrize('size', [1, 2, 7, 24, 25])
def test_the_batches_are_those_of_mmdet(size: int, drop_last: bool) -> None:
    pytest.importorskip('mmdet.version')
    from mmdet.datasets.samplers import AspectRatioBatchSampler as Stock

    class Positions(EpochSampler):
        def __iter__(self) -> Any:
            return (position for _, position in super().__iter__())

    data = dataset(size, seed=size)
    stock = Stock(Positions(data, seed=5), 3, drop_last)
    stock.sampler.set_epoch(1)
    ours = batches(data, batch_size=3, drop_last=drop_last)
    assert [[position for _, position in batch] for batch in ours] == list(stock)
    assert len(ours) == len(stock)


@pytest.mark.parametrize('drop_last', [False, True])
def test_a_start_skips_batches_and_changes_none(drop_last: bool) -> None:
    data, options = dataset(25, seed=0), {'batch_size': 4, 'drop_last': drop_last}
    whole = batches(data, **options)
    for start in range(len(whole) + 1):
        assert batches(data, start, **options) == whole[start:]
    assert len(whole) == (6 if drop_last else 7)


def test_full_batches_have_one_orientation_and_every_image_comes_once() -> None:
    data = dataset(40, seed=1)

    def is_tall(item: tuple[int, int]) -> bool:
        info = data.get_data_info(item[1])
        return info['width'] < info['height']

    found = batches(data, batch_size=4)
    assert sorted(position for batch in found for _, position in batch) == list(range(40))
    mixed = [batch for batch in found if len({is_tall(item) for item in batch}) > 1]
    assert len(mixed) <= 1


def test_an_epoch_that_was_left_leaves_nothing_to_the_next() -> None:
    data = dataset(25, seed=2)
    sampler = AspectRatioBatchSampler(EpochSampler(data, seed=5), batch_size=4)
    sampler.set_epoch(0)
    next(iter(sampler))
    sampler.set_epoch(1)
    assert list(sampler) == batches(data, batch_size=4)
    sampler.set_epoch(2)
    assert list(sampler) != batches(data, batch_size=4)

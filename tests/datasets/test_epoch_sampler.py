"""The sampler of the halves: a new order in every epoch and seed, shared out between processes."""

from collections.abc import Callable
from itertools import product

import pytest
from mmengine.registry import DATA_SAMPLERS

from ostrdet.datasets import EpochSampler

Pairs = list[tuple[int, int]]
SetRank = Callable[[int, int], None]
SIZE = 23


def pairs(epoch: int = 0, seed: int = 0, shuffle: bool = True, round_up: bool = True) -> Pairs:
    sampler = EpochSampler(range(SIZE), shuffle=shuffle, seed=seed, round_up=round_up)
    sampler.set_epoch(epoch)
    drawn = list(sampler)
    assert len(drawn) == len(sampler)
    return drawn


@pytest.fixture
def as_rank(monkeypatch: pytest.MonkeyPatch) -> SetRank:
    def set_rank(rank: int, world_size: int) -> None:
        monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info', lambda: (rank, world_size))

    return set_rank


def test_every_position_comes_once_with_the_epoch() -> None:
    drawn = pairs(epoch=3)
    assert {epoch for epoch, _ in drawn} == {3}
    assert sorted(position for _, position in drawn) == list(range(SIZE))


def test_orders_differ_between_epochs_and_seeds() -> None:
    """Also along the diagonal, where the stock sampler's seed + epoch is the same."""
    orders = {
        tuple(position for _, position in pairs(epoch, seed))
        for epoch, seed in product(range(5), range(5))
    }
    assert len(orders) == 25


def test_an_order_can_be_drawn_again() -> None:
    assert pairs(epoch=2, seed=5) == pairs(epoch=2, seed=5)
    sampler = EpochSampler(range(SIZE), seed=1)
    assert list(sampler) == list(sampler)


def test_without_shuffle_the_order_is_the_order_of_the_data_set() -> None:
    assert pairs(epoch=4, shuffle=False) == [(4, position) for position in range(SIZE)]


@pytest.mark.parametrize('world_size', [2, 3, 4])
def test_ranks_are_a_partition(world_size: int, as_rank: SetRank) -> None:
    whole = pairs(epoch=1)
    shares = []
    for rank in range(world_size):
        as_rank(rank, world_size)
        shares.append(pairs(epoch=1, round_up=False))
    assert sorted(pair for share in shares for pair in share) == sorted(whole)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize('world_size', [2, 3, 4])
def test_rounded_up_shares_are_equally_long(world_size: int, as_rank: SetRank) -> None:
    whole = pairs(epoch=1)
    shares = []
    for rank in range(world_size):
        as_rank(rank, world_size)
        shares.append(pairs(epoch=1))
    length = -(-SIZE // world_size)
    assert {len(share) for share in shares} == {length}
    drawn = [share[step] for step in range(length) for share in shares]
    assert drawn == (whole + whole)[: length * world_size]


def test_it_is_registered() -> None:
    cfg = {'type': 'ostrdet.EpochSampler', 'dataset': range(4), 'shuffle': False, 'seed': 0}
    sampler = DATA_SAMPLERS.build(cfg)
    assert list(sampler) == [(0, 0), (0, 1), (0, 2), (0, 3)]

"""Samples that look the same whatever the order, the workers and the epochs before."""

import copy
import random
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from ostrdet.datasets import EpochSampler, SeededSubset, dataset_labels

INDICES = [40, 3, 17, 8, 25, 31, 12]


class Noisy(Dataset):
    """Fifty samples, each with a number from every generator that augmentations use."""

    metainfo = {'classes': ('a', 'b')}  # noqa: RUF012

    def __len__(self) -> int:
        return 50

    def __getitem__(self, index: int) -> tuple[int, float, float, float]:
        return index, random.random(), np.random.random(), float(torch.rand(()))


def subset(seed: int = 0) -> SeededSubset:
    return SeededSubset(Noisy(), INDICES, seed)


def load(epoch: int, num_workers: int, batch_size: int = 2) -> dict[int, tuple[float, ...]]:
    data = subset(seed=3)
    sampler = EpochSampler(data, seed=1)
    sampler.set_epoch(epoch)
    loader = DataLoader(data, batch_size, sampler=sampler, num_workers=num_workers)
    rows = [row for batch in loader for row in zip(*(x.tolist() for x in batch), strict=True)]
    return {row[0]: row[1:] for row in rows}


def test_it_holds_the_samples_of_its_indices() -> None:
    data = subset()
    assert len(data) == len(INDICES)
    assert [data[position][0] for position in range(len(data))] == INDICES


def test_a_sample_depends_on_seed_epoch_and_index_alone() -> None:
    first = [subset()[5, position] for position in range(7)]
    backwards = [subset()[5, position] for position in reversed(range(7))]
    assert backwards[::-1] == first
    elsewhere = SeededSubset(Noisy(), [9, 17])
    assert elsewhere[5, 1] == first[INDICES.index(17)]


def test_seeds_epochs_and_samples_differ_in_every_generator() -> None:
    drawn = [
        subset(seed)[epoch, position][1:]
        for seed in range(3)
        for epoch in range(3)
        for position in range(3)
    ]
    for numbers in zip(*drawn, strict=True):
        assert len(set(numbers)) == 27


def test_a_bare_position_means_epoch_zero() -> None:
    assert subset()[2] == subset()[0, 2] != subset()[1, 2]


def test_samples_are_the_same_for_any_number_of_workers() -> None:
    alone = load(epoch=4, num_workers=0)
    assert sorted(alone) == sorted(INDICES)
    assert load(epoch=4, num_workers=2) == alone
    assert load(epoch=4, num_workers=2, batch_size=3) == alone


def test_every_epoch_has_other_samples() -> None:
    first, second = load(epoch=0, num_workers=2), load(epoch=1, num_workers=2)
    assert first.keys() == second.keys()
    assert all(first[index] != second[index] for index in first)


def test_a_deep_copy_shares_the_data_set() -> None:
    data = subset(seed=7)
    twin = copy.deepcopy({'dataset': data})['dataset']
    assert twin is not data
    assert twin.dataset is data.dataset
    assert twin[1, 2] == data[1, 2]


def test_metainfo_is_that_of_the_data_set() -> None:
    assert subset().metainfo == {'classes': ('a', 'b')}
    assert SeededSubset([1, 2], [0]).metainfo == {}


def test_indices_are_copied() -> None:
    indices = np.array([1, 2])
    data = SeededSubset(Noisy(), indices)
    indices[:] = 9
    assert [data[position][0] for position in (0, 1)] == [1, 2]


@pytest.mark.parametrize('index', [50, -1])
def test_an_index_outside_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match=f'index {index} is outside of a data set of 50'):
        SeededSubset(Noisy(), [0, index])


def test_a_position_outside_is_refused() -> None:
    with pytest.raises(IndexError):
        subset()[0, len(INDICES)]


class Labelled:
    def __init__(self, labels: Any) -> None:
        self.labels = labels

    def get_gt_labels(self) -> Any:
        return self.labels


@pytest.mark.parametrize(
    ('dataset', 'labels'),
    [
        (Labelled(np.array([2, 0, 1])), [2, 0, 1]),
        (Labelled([2, 0, 1]), [2, 0, 1]),
        (Labelled(np.array([[0, 1], [1, 1]])), None),
        (Labelled(np.array([0.5, 1.0])), None),
        ([5, 6], None),
    ],
)
def test_labels_of_a_data_set(dataset: Any, labels: list[int] | None) -> None:
    assert dataset_labels(dataset) == labels

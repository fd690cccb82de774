"""Batches for a supernet are those of mmpretrain's preprocessor, to the bit."""

from typing import Any

import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample

from ostrdet.datasets import ImagePreprocessor
from ostrdet.errors import InvalidValueError

DIGITS = {'mean': [78, 78, 78], 'std': [94, 94, 94]}
COLOURS = {'mean': [125.307, 122.95, 113.865], 'std': [62.993, 62.089, 66.705]}


def pixels(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


IMAGES = {
    'a list': [pixels(3, 6, 5) for _ in range(4)],
    'of unequal sizes': [pixels(3, height, 5) for height in (3, 7)],
    'a batch': pixels(4, 3, 6, 5).float(),
}


@pytest.mark.parametrize('kind', IMAGES)
@pytest.mark.parametrize('to_rgb', [False, True])
@pytest.mark.parametrize('numbers', [DIGITS, COLOURS, {}])
def test_a_batch_is_that_of_mmpretrain(kind: str, to_rgb: bool, numbers: dict[str, Any]) -> None:
    found = []
    for name in ('ostrdet.ImagePreprocessor', 'mmpretrain.ClsDataPreprocessor'):
        prepare = MODELS.build({'type': name, 'to_rgb': to_rgb, **numbers})
        samples = [DataSample().set_gt_label(i) for i in range(len(IMAGES[kind]))]
        found.append(prepare({'inputs': IMAGES[kind], 'data_samples': samples}, training=True))
    ours, theirs = found
    assert ours['inputs'].dtype == torch.float32
    assert torch.equal(ours['inputs'], theirs['inputs'])
    labels = [[sample.gt_label for sample in batch['data_samples']] for batch in found]
    assert labels[0] == labels[1] == [torch.tensor([i]) for i in range(len(IMAGES[kind]))]


def test_colours_are_normalised_in_the_order_that_is_asked_for() -> None:
    image = torch.tensor([10, 20, 30], dtype=torch.uint8).view(3, 1, 1)
    prepare = ImagePreprocessor(mean=[30, 20, 10], std=[1, 2, 4], to_rgb=True)
    assert prepare({'inputs': [image + 1]})['inputs'].flatten().tolist() == [1.0, 0.5, 0.25]


def test_images_without_labels_are_let_through() -> None:
    samples = [DataSample()]
    batch = ImagePreprocessor()({'inputs': [pixels(3, 2, 2)], 'data_samples': samples})
    assert batch['data_samples'] is samples
    assert 'gt_label' not in samples[0]


def test_nothing_of_it_stands_in_a_checkpoint() -> None:
    assert not ImagePreprocessor(**DIGITS).state_dict()


@pytest.mark.parametrize('numbers', [{'mean': [1]}, {'std': [1]}, {'mean': [1, 2], 'std': [1]}])
def test_mean_and_std_go_together(numbers: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match=r'model\.data_preprocessor: mean='):
        ImagePreprocessor(**numbers)

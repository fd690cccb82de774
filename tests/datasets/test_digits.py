"""The digits of scikit-learn: split once and for all, scaled without surprises."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ostrdet.datasets import Digits, dataset_labels, digits
from ostrdet.registry import DATASETS


def images(data: Digits) -> np.ndarray:
    return np.stack([data.get_data_info(index)['img'] for index in range(len(data))])


def test_the_splits_are_disjoint_and_together_everything() -> None:
    """Rows of an image as bytes stand for the image; no two digits are alike."""
    parts = {
        split: {i.tobytes() for i in images(Digits(split, size=8))} for split in ('train', 'test')
    }
    whole = {image.tobytes() for image in images(Digits('all', size=8))}
    assert {split: len(part) for split, part in parts.items()} == {'train': 1437, 'test': 360}
    assert len(whole) == 1797
    assert not parts['train'] & parts['test']
    assert parts['train'] | parts['test'] == whole


@pytest.mark.parametrize(('split', 'size'), [('train', 1437), ('test', 360)])
def test_the_splits_are_stratified(split: str, size: int) -> None:
    labels = dataset_labels(Digits(split))
    assert labels is not None
    assert len(labels) == size
    of_class_C = np.bincount(load_digits().target)
    assert np.abs(np.bincount(labels) - of_class_C * size / 1797).max() < 1


def test_the_splits_are_always_the_same() -> None:
    np.random.seed(1)
    first = images(Digits('test'))
    np.random.seed(2)
    assert np.array_equal(first, images(Digits('test')))


def test_images_in_full_size_are_the_original() -> None:
    """Grey values 0 to 16 become 0 to 255, in the same order, with the same labels."""
    original = load_digits()
    data = Digits('all', size=8)
    found = images(data)
    assert found.dtype == np.uint8
    assert found.shape == (1797, 8, 8, 3)
    assert (found == found[..., :1]).all()
    assert np.array_equal(found[..., 0], np.rint(original.images * 255 / 16))
    assert dataset_labels(data) == original.target.tolist()


@pytest.mark.parametrize('size', [16, 32])
def test_images_are_scaled(size: int) -> None:
    found, original = images(Digits('test', size=size)), images(Digits('test', size=8))
    assert found.shape == (360, size, size, 3)
    assert np.array_equal(found[:, 0, 0], original[:, 0, 0])
    assert np.abs(found.mean(axis=(1, 2)) - original.mean(axis=(1, 2))).max() < 0.5


def test_classes_and_description() -> None:
    data = DATASETS.build({'type': 'ostrdet.Digits', 'split': 'test', 'size': 32})
    assert data.metainfo['classes'] == tuple('0123456789')
    assert 'Split: \ttest' in repr(data)
    assert 'Image size: \t32' in repr(data)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown split 'val', expected one of \['train', 'test'"):
        Digits('val')


def test_the_numbers_are_those_of_scikit_learn() -> None:
    images_NHW, labels_N = digits._load()
    expected = load_digits()
    assert np.array_equal(images_NHW, expected.images)
    assert np.array_equal(labels_N, expected.target)
    assert (images_NHW.dtype, labels_N.dtype) == (expected.images.dtype, expected.target.dtype)


@pytest.mark.parametrize('origin', [None, 'elsewhere/__init__.py'])
def test_where_the_file_is_not_found_scikit_learn_reads_it(
    monkeypatch: pytest.MonkeyPatch, origin: str | None
) -> None:
    package = None if origin is None else SimpleNamespace(origin=origin)
    monkeypatch.setattr(digits, 'find_spec', lambda name: package)
    assert np.array_equal(digits._load()[0], load_digits().images)

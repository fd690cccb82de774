"""ImageNet16-120 from the pickles of its authors, here with few images in them."""

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ostrdet.datasets import ImageNet16, dataset_labels

TRAIN = [f'train_data_batch_{number}' for number in range(1, 11)]
LABELS = [1, 120, 121, 1000, 2]


def images(seed: int) -> np.ndarray:
    """Five images, planes R, G, B. Shape (5, 3, 16, 16)."""
    return np.random.default_rng(seed).integers(0, 256, (5, 3, 16, 16), dtype=np.uint8)


def write_batch(file: Path, seed: int, protocol: int = 2, **changed: Any) -> None:
    batch = {'data': images(seed).reshape(5, -1), 'labels': LABELS, **changed}
    file.write_bytes(pickle.dumps(batch, protocol=protocol))


@pytest.fixture(params=[0, 2, 4, 5])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for seed, name in enumerate([*TRAIN, 'val_data']):
        write_batch(tmp_path / name, seed, protocol=request.param)
    return tmp_path


@pytest.fixture
def val(tmp_path: Path) -> Path:
    return tmp_path / 'val_data'


def test_the_first_120_classes_are_kept_and_counted_from_zero(root: Path) -> None:
    data = ImageNet16(str(root), split='train')
    assert dataset_labels(data) == [0, 119, 1] * 10
    assert len(data.metainfo['classes']) == 120


def test_images_are_rgb_in_the_order_of_the_files(root: Path) -> None:
    data = ImageNet16(str(root), split='train')
    for seed in range(10):
        for place, kept in enumerate((0, 1, 4)):
            image = data[3 * seed + place]['img']
            assert image.shape == (16, 16, 3)
            assert np.array_equal(image, images(seed)[kept].transpose(1, 2, 0))


@pytest.mark.parametrize(
    ('num_classes', 'labels'), [(2, [0, 1]), (121, [0, 119, 120, 1]), (1000, [0, 119, 120, 999, 1])]
)
def test_other_numbers_of_classes(root: Path, num_classes: int, labels: list[int]) -> None:
    data = ImageNet16(str(root), split='test', num_classes=num_classes)
    assert dataset_labels(data) == labels
    assert len(data.metainfo['classes']) == num_classes


@pytest.mark.parametrize('labels', [np.array(LABELS), [np.int64(label) for label in LABELS]])
def test_labels_may_be_numpy_numbers(val: Path, labels: Any) -> None:
    write_batch(val, seed=0, labels=labels)
    assert dataset_labels(ImageNet16(str(val.parent), split='test')) == [0, 119, 1]


@pytest.mark.parametrize('num_classes', [1, 0, 1001])
def test_an_impossible_number_of_classes_is_refused(num_classes: int) -> None:
    with pytest.raises(ValueError, match=f'num_classes={num_classes}, expected 2 to 1000'):
        ImageNet16('anywhere', num_classes=num_classes)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown split 'val', expected one of .'train', 'test'."):
        ImageNet16('anywhere', split='val')


def test_a_missing_folder_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        ImageNet16(str(tmp_path / 'nowhere'))
    message = str(caught.value)
    assert message.startswith(
        f"ImageNet16: no folder '{tmp_path / 'nowhere'}'. Expected train_data"
    )
    assert 'github.com/D-X-Y/NAS-Bench-201' in message
    assert message.endswith('--data-root DIR.')


def test_missing_files_are_named(tmp_path: Path) -> None:
    for name in TRAIN[:-2]:
        write_batch(tmp_path / name, seed=0)
    start = f"ImageNet16: no file train_data_batch_9, train_data_batch_10 in '{tmp_path}'."
    with pytest.raises(FileNotFoundError, match=f'^{re.escape(start)}'):
        ImageNet16(str(tmp_path))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([1, 2], "expected a dict with the keys 'data' and 'labels'"),
        ({'data': images(0)}, "expected a dict with the keys 'data' and 'labels'"),
        (
            {'data': images(0), 'labels': LABELS},
            "expected 'data' of uint8, shape (5, 768), got uint",
        ),
        (
            {'data': images(0).reshape(5, -1)[:4], 'labels': LABELS},
            "expected 'data' of uint8, shape (5, 768), got uint8, (4, 768)",
        ),
        (
            {'data': images(0).reshape(5, -1).astype(float), 'labels': LABELS},
            "expected 'data' of uint8, shape (5, 768), got float64, (5, 768)",
        ),
        ({'data': images(0).reshape(5, -1), 'labels': [0, 1, 2, 3, 4]}, "'labels' in 1 to 1000"),
        ({'data': images(0).reshape(5, -1), 'labels': [1, 2, 3, 4, 1001]}, "'labels' in 1 to 1000"),
        ({'data': images(0).reshape(5, -1), 'labels': [1.0] * 5}, 'a list of whole numbers'),
        ({'data': images(0).reshape(5, -1), 'labels': 'abcde'}, 'a list of whole numbers'),
        ({'data': images(0).reshape(5, -1), 'labels': 5}, 'a list of whole numbers'),
    ],
)
def test_files_with_other_content_are_refused(content: Any, message: str, val: Path) -> None:
    val.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=f"^'{re.escape(str(val))}'.*{re.escape(message)}"):
        ImageNet16(str(val.parent), split='test')


def test_a_hostile_file_is_refused_and_not_run(val: Path) -> None:
    marker = val.with_name('marker')

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (marker,)

    write_batch(val, seed=0, labels=[*LABELS[:4], Evil()])
    with pytest.raises(ValueError, match=r'is refused: .* holds the name'):
        ImageNet16(str(val.parent), split='test')
    assert not marker.exists()

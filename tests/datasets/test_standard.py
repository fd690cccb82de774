"""CIFAR and ImageNet of mmpretrain: missing or damaged files are named, and nothing is fetched."""

import hashlib
import pickle
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ostrdet.datasets import CIFAR10, CIFAR100, ImageNet

MEND = "Set the dataset's `data_root` in the config, or give --data-root DIR."


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError('a download was tried')

    monkeypatch.setattr('socket.socket.connect', refuse)
    monkeypatch.setattr('socket.getaddrinfo', refuse)
    monkeypatch.setattr('mmpretrain.datasets.cifar.download_and_extract_archive', refuse)


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def write_fakes(folder: Path, cls: type, content: object = b'junk') -> dict[str, str]:
    """All files of a CIFAR data set with one content, and their MD5 sums."""
    folder.mkdir(parents=True)
    raw = pickle.dumps(content)
    names = [name for name, _ in [*cls.train_list, *cls.test_list]]  # type: ignore[attr-defined]
    for name in names:
        (folder / name).write_bytes(raw)
    return dict.fromkeys(names, hashlib.md5(raw).hexdigest())


CIFARS = pytest.mark.parametrize(
    ('cls', 'folder', 'archive', 'first', 'num_classes'),
    [
        (CIFAR10, 'cifar-10-batches-py', 'cifar-10-python.tar.gz', 'data_batch_1', 10),
        (CIFAR100, 'cifar-100-python', 'cifar-100-python.tar.gz', 'train', 100),
    ],
)


@CIFARS
@pytest.mark.parametrize('split', ['train', 'test'])
def test_missing_cifar_is_named_with_the_mend(
    cls: Any, folder: str, archive: str, first: str, num_classes: int, split: str, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        cls(str(tmp_path), split=split)
    message = str(caught.value)
    assert message.startswith(f"{cls.__name__}: no folder '{tmp_path / folder}'. Unpack {archive} ")
    assert f'(https://www.cs.toronto.edu/~kriz/{archive}) in data_root, which gives' in message
    assert message.endswith(MEND)
    assert list(tmp_path.iterdir()) == []


@CIFARS
def test_a_missing_file_of_cifar_is_named(
    cls: Any, folder: str, archive: str, first: str, num_classes: int, tmp_path: Path
) -> None:
    write_fakes(tmp_path / folder, cls)
    (tmp_path / folder / first).unlink()
    message = f"{cls.__name__}: no file {first} in '{tmp_path / folder}'. Unpack {archive}"
    with pytest.raises(FileNotFoundError, match=f'^{re.escape(message)}'):
        cls(str(tmp_path))


@CIFARS
def test_a_damaged_file_of_cifar_is_named_and_not_unpickled(
    cls: Any, folder: str, archive: str, first: str, num_classes: int, tmp_path: Path
) -> None:
    marker = tmp_path / 'marker'
    write_fakes(tmp_path / folder, cls, Evil(marker))
    md5 = dict(cls.train_list)[first]
    message = f"{cls.__name__}: '{tmp_path / folder / first}' is damaged, its MD5 sum is not {md5}."
    with pytest.raises(ValueError, match=f'^{re.escape(message)}'):
        cls(str(tmp_path))
    assert not marker.exists()


@CIFARS
def test_cifar_is_read_as_rgb_images(
    cls: Any,
    folder: str,
    archive: str,
    first: str,
    num_classes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With three images in each file, whose MD5 sums are taken for the true ones."""
    planes = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), dtype=np.uint8)
    labels = {'labels' if cls is CIFAR10 else 'fine_labels': [1, 0, num_classes - 1]}
    sums = write_fakes(tmp_path / folder, cls, {'data': planes.reshape(3, -1), **labels})
    for which in ('train_list', 'test_list'):
        monkeypatch.setattr(cls, which, [[name, sums[name]] for name, _ in getattr(cls, which)])
    data = cls(str(tmp_path), split='test')
    assert not data.download
    assert len(data) == 3
    assert len(data.metainfo['classes']) == num_classes
    assert data.get_gt_labels().tolist() == [1, 0, num_classes - 1]
    for index in range(3):
        assert np.array_equal(data[index]['img'], planes[index].transpose(1, 2, 0))
    assert len(cls(str(tmp_path), split='train')) == 3 * len(cls.train_list)


@pytest.fixture
def imagenet(tmp_path: Path) -> Path:
    for split in ('train', 'val'):
        for name in ('n01440764', 'n01443537'):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            cv2.imwrite(str(folder / 'x.jpeg'), np.zeros((4, 4, 3), np.uint8))
            (folder / 'x.jpeg').rename(folder / 'x.JPEG')
    return tmp_path


@pytest.mark.parametrize('split', ['train', 'val'])
def test_missing_imagenet_is_named_with_the_mend(split: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        ImageNet(data_root=str(tmp_path), split=split)
    message = str(caught.value)
    assert message.startswith(
        f"ImageNet: no folder '{tmp_path / split}'. Expected the images of IL"
    )
    assert 'data_root/train/n01440764/*.JPEG' in message
    assert message.endswith(MEND)


def test_imagenet_reads_one_folder_per_class(imagenet: Path) -> None:
    data = ImageNet(data_root=str(imagenet), split='val', classes=['tench', 'goldfish'])
    assert [info['gt_label'] for info in map(data.get_data_info, range(len(data)))] == [0, 1]
    assert data.get_data_info(1)['img_path'].endswith('val/n01443537/x.JPEG')

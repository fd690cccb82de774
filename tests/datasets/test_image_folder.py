"""Images in one folder per class, tiny ones and the real CIFAR-10 as JPEG files."""

import re
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ostrdet.datasets import ImageFolder, dataset_labels
from ostrdet.registry import DATASETS

CIFAR10_CLASSES = (
    'airplane',
    'automobile',
    'bird',
    'cat',
    'deer',
    'dog',
    'frog',
    'horse',
    'ship',
    'truck',
)


def write_image(file: Path, value: int = 0, size: int = 4) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.full((size, size, 3), value, np.uint8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes: three images of 'cat', one of them a folder deeper, and two of 'Ant'."""
    for number, name in enumerate(['cat/b.png', 'cat/a.JPG', 'cat/more/c.bmp', 'Ant/2.png']):
        write_image(tmp_path / 'train' / name, value=10 * number)
    write_image(tmp_path / 'train' / 'Ant' / '10.png')
    return tmp_path


def listed(data: ImageFolder, root: Path) -> list[tuple[str, int]]:
    infos = [data.get_data_info(index) for index in range(len(data))]
    base = root / 'train'
    return [
        (Path(info['img_path']).relative_to(base).as_posix(), info['gt_label']) for info in infos
    ]


def test_classes_and_images_are_sorted_by_name(root: Path) -> None:
    data = ImageFolder(str(root))
    assert data.metainfo['classes'] == ('Ant', 'cat')
    assert listed(data, root) == [
        ('Ant/10.png', 0),
        ('Ant/2.png', 0),
        ('cat/a.JPG', 1),
        ('cat/b.png', 1),
        ('cat/more/c.bmp', 1),
    ]
    assert dataset_labels(data) == [0, 0, 1, 1, 1]


def test_hidden_and_other_files_are_passed_over(root: Path) -> None:
    before = listed(ImageFolder(str(root)), root)
    train = root / 'train'
    write_image(train / '.cache' / 'x.png')
    write_image(train / 'cat' / '._b.png')
    write_image(train / 'cat' / '.thumbnails' / 'x.png')
    (train / 'cat' / 'notes.txt').write_text('no image')
    (train / 'README.md').write_text('no class')
    assert listed(ImageFolder(str(root)), root) == before


def test_a_hidden_folder_above_does_not_matter(tmp_path: Path) -> None:
    for name in ('a/1.png', 'b/1.png'):
        write_image(tmp_path / '.data' / 'train' / name)
    assert len(ImageFolder(str(tmp_path / '.data'))) == 2


def test_the_folders_of_the_classes_may_lie_in_the_root(root: Path) -> None:
    data = ImageFolder(str(root / 'train'), split='')
    assert listed(data, root) == listed(ImageFolder(str(root)), root)


def test_the_config_may_order_the_classes(root: Path) -> None:
    data = ImageFolder(str(root), classes=['cat', 'Ant'])
    assert data.metainfo['classes'] == ('cat', 'Ant')
    assert [label for _, label in listed(data, root)] == [0, 0, 0, 1, 1]


def test_it_is_built_from_a_config_with_a_pipeline(root: Path) -> None:
    pipeline = [{'type': 'LoadImageFromFile'}]
    cfg = {'type': 'ostrdet.ImageFolder', 'data_root': str(root), 'pipeline': pipeline}
    sample = DATASETS.build(cfg)[3]
    assert sample['img'].shape == (4, 4, 3)
    assert sample['gt_label'] == 1


def test_preloaded_images_are_averaged_by_area(tmp_path: Path) -> None:
    """Half the size is the mean of 2x2 pixels, to the rounding of uint8; BGR stays BGR."""
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / 'x.png'), image)
    data = ImageFolder(str(tmp_path), split='', preload_size=4)
    info = data.get_data_info(0)
    assert set(info) == {'img', 'gt_label', 'sample_idx'}
    assert info['img'].shape == (4, 4, 3)
    square = ImageFolder(str(tmp_path), split='', preload_size=2).get_data_info(1)['img']
    means = image.reshape(2, 3, 2, 4, 3).mean(axis=(1, 3))
    assert np.abs(square - means).max() <= 0.5


@pytest.mark.parametrize('raw', [b'', b'no image at all', b'\x89PNG\r\n\x1a\n cut off'])
def test_a_corrupt_image_is_named_when_preloaded(root: Path, raw: bytes) -> None:
    file = root / 'train' / 'cat' / 'broken.png'
    file.write_bytes(raw)
    message = f"'{file}' can't be read as an image: damaged or empty. Replace or delete it."
    with pytest.raises(ValueError, match=f'^{re.escape(message)}'):
        ImageFolder(str(root), preload_size=4)


def test_an_image_that_claims_to_be_huge_is_named(root: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
        )

    header = chunk(b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0))
    data = chunk(b'IDAT', zlib.compress(bytes(1000)))
    file = root / 'train' / 'cat' / 'huge.png'
    file.write_bytes(b'\x89PNG\r\n\x1a\n' + header + data + chunk(b'IEND', b''))
    with pytest.raises(ValueError, match=r"huge\.png' can't be read as an image: .*2\*\*30 pixels"):
        ImageFolder(str(root), preload_size=4)


def test_grey_and_transparent_images_have_three_channels(tmp_path: Path) -> None:
    for name, shape in {'a': (4, 4), 'b': (4, 4, 4)}.items():
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / 'x.png'), np.full(shape, 128, np.uint8))
    data = ImageFolder(str(tmp_path), split='', preload_size=4)
    assert [data.get_data_info(index)['img'].shape for index in range(2)] == [(4, 4, 3)] * 2


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'num_classes': 3}, 'but num_classes=3. Found: Ant, cat.'),
        ({'classes': ['cat', 'dog']}, 'Found: Ant, cat. Expected: cat, dog.'),
        ({'classes': ['cat']}, 'Found: Ant, cat. Expected: cat.'),
    ],
)
def test_other_classes_than_expected_are_refused(
    root: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        ImageFolder(str(root), **arguments)
    assert str(root / 'train') in str(caught.value)


def test_the_expected_number_of_classes_is_fine(root: Path) -> None:
    assert len(ImageFolder(str(root), num_classes=2)) == 5


def test_an_empty_class_folder_is_named(root: Path) -> None:
    empty = root / 'train' / 'dog'
    write_image(empty / '.hidden.png')
    with pytest.raises(ValueError, match='no image in the class folder') as caught:
        ImageFolder(str(root))
    assert str(empty) in str(caught.value)
    assert 'Put images there (extensions .apng, .avif, .bmp' in str(caught.value)


def test_fewer_than_two_classes_are_refused(root: Path) -> None:
    with pytest.raises(ValueError, match=r'0 class folders in .*cat.*, expected at least 2\. Exp'):
        ImageFolder(str(root / 'train' / 'cat' / 'more'), split='')


def test_a_missing_folder_is_named_with_the_mend(root: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        ImageFolder(str(root), split='val')
    message = str(caught.value)
    assert message.startswith(f"ImageFolder: no folder '{root / 'val'}'. Expected one folder per")
    assert message.endswith("Set the dataset's `data_root` in the config, or give --data-root DIR.")


def test_a_file_in_place_of_the_folder_is_named(root: Path) -> None:
    (root / 'val').write_text('a file')
    with pytest.raises(NotADirectoryError, match=r"ImageFolder: '.*val' is not a folder"):
        ImageFolder(str(root), split='val')


@pytest.fixture(scope='module')
def cifar10(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 500 + 100 images of every class of CIFAR-10, unpacked."""
    folder = tmp_path_factory.mktemp('cifar10')
    with tarfile.open(shared_data / 'cifar10-jpeg-mini.tar.xz') as archive:
        # Python 3.11.0 to 3.11.3 have no filters
        safe: dict[str, Any] = {'filter': 'data'} if hasattr(tarfile, 'data_filter') else {}
        archive.extractall(folder, **safe)
    return next(folder.rglob('train')).parent


@pytest.mark.parametrize(('split', 'per_class'), [('train', 500), ('test', 100)])
def test_the_real_cifar10_has_ten_classes(cifar10: Path, split: str, per_class: int) -> None:
    data = ImageFolder(str(cifar10), split=split, num_classes=10)
    assert data.metainfo['classes'] == CIFAR10_CLASSES
    labels = dataset_labels(data)
    assert labels is not None
    assert np.bincount(labels).tolist() == [per_class] * 10
    assert labels == sorted(labels)


def test_the_real_cifar10_is_preloaded_at_16_pixels(cifar10: Path) -> None:
    data = ImageFolder(str(cifar10), split='test', preload_size=16)
    files = ImageFolder(str(cifar10), split='test')
    for index in range(0, len(data), 97):
        image = cv2.imread(files.get_data_info(index)['img_path'])
        means = image.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
        assert np.abs(data.get_data_info(index)['img'] - means).max() <= 0.5


def test_pictures_in_memory_may_be_rgb(tmp_path: Path) -> None:
    blue = np.zeros((4, 4, 3), np.uint8)
    blue[..., 0] = 255  # OpenCV writes BGR
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / '0.png'), blue)
    orders = {'bgr': [255, 0, 0], 'rgb': [0, 0, 255]}
    for order, pixel in orders.items():
        data = ImageFolder(str(tmp_path), split='', preload_size=4, channel_order=order)
        assert data.get_data_info(0)['img'][0, 0].tolist() == pixel
    with pytest.raises(ValueError, match="channel_order='rgb', expected 'bgr', or with preload"):
        ImageFolder(str(tmp_path), split='', channel_order='rgb')


def test_a_class_that_is_named_twice_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match=r'has a name twice; name every class once'):
        ImageFolder(data_root=str(root), classes=['cat', 'dog', 'cat'])


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ({'ann_file': 'a.txt'}, r"ann_file='a\.txt', expected none, .*CustomDataset"),
        ({'extensions': '.png'}, r"extensions='\.png', expected a list"),
    ],
)
def test_what_would_not_be_read_as_meant_is_refused(
    root: Path, option: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ImageFolder(data_root=str(root), **option)

"""Images and folders that are wrong, and unusual ones that are not."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

Edit = Callable[[Path], Any]
IMAGE = 'train/dog/3.png'
ARRAY = np.random.default_rng(1).integers(0, 255, (36, 34, 4), dtype=np.uint8)


def cut(kind: str) -> Edit:
    """Adds the first half of an image file."""

    def edit(root: Path) -> None:
        data = cv2.imencode(kind, ARRAY[..., :3])[1].tobytes()
        (root / f'train/dog/7{kind}').write_bytes(data[: len(data) // 2])

    return edit


def move(name: str, target: str) -> Edit:
    return lambda root: (root / name).rename(root / target)


def remove(name: str) -> Edit:
    return lambda root: shutil.rmtree(root / name)


UNREADABLE = ("can't be read as an image", 'Replace or delete it')
#: By what is done to a good folder of images, and what the message holds.
FOLDERS: dict[str, tuple[Edit, tuple[str, ...]]] = {
    'no folder': (remove('.'), ("no folder '.*images/train'", '--data-root')),
    'no folder of the training': (remove('train'), ("no folder '.*images/train'", '--data-root')),
    'a file for a folder': (
        lambda root: (shutil.rmtree(root / 'train'), (root / 'train').touch()),
        ("images/train' is not a folder", '--data-root'),
    ),
    'empty class': (lambda root: (root / 'train/eel').mkdir(), ("images/train/eel'", 'Put images')),
    'one class': (remove('train/dog'), ("1 class folders in '.*images/train'", 'at least 2')),
    'more classes than the head has': (
        lambda root: shutil.copytree(root / 'train/dog', root / 'train/eel'),
        (r'model\.head\.num_classes=2', '3 classes', 'set it to 3'),
    ),
    'another class to test on': (
        move('test/dog', 'test/eel'),
        (r'val_dataloader\.dataset has other classes', "'eel'.*'dog'", 'make the two alike'),
    ),
    'no image': (lambda root: (root / IMAGE).write_bytes(b'text'), (IMAGE, *UNREADABLE)),
    'empty file': (lambda root: (root / IMAGE).write_bytes(b''), (IMAGE, *UNREADABLE)),
    'half a PNG': (cut('.png'), (r'train/dog/7\.png', *UNREADABLE)),
    'half a JPEG': (cut('.jpg'), (r'train/dog/7\.jpg', *UNREADABLE)),
}

#: By how an image is written that is unusual, but fine.
FINE = {
    'grey': (ARRAY[..., 0], '.png'),
    'alpha': (ARRAY, '.png'),
    '16 bits': (ARRAY[..., 0].astype(np.uint16) * 257, '.png'),
    'TIFF': (ARRAY[..., :3], '.tif'),
}


@pytest.mark.parametrize('case', FOLDERS)
def test_folders(refused: Any, folder_config: Path, images: Path, case: str) -> None:
    edit, patterns = FOLDERS[case]
    edit(images)
    # One batch holds all, so that the first iteration meets every image
    argv = [folder_config, '--data-root', images, '--cfg-options', 'train_dataloader.batch_size=20']
    refused('train', argv, *patterns)


def test_the_rehearsal_reads_every_image(refused: Any, folder_config: Path, images: Path) -> None:
    (images / 'test/cat/5.png').write_bytes(b'')
    argv = [folder_config, '--data-root', images, '--full']
    refused('check', argv, r'test/cat/5\.png', *UNREADABLE)


def test_a_worker_names_the_image(refused: Any, folder_config: Path, images: Path) -> None:
    (images / IMAGE).write_bytes(b'')
    argv = [folder_config, '--data-root', images, '--cfg-options']
    refused('train', [*argv, 'train_dataloader.num_workers=1'], IMAGE, *UNREADABLE)


def test_a_last_batch_of_one_image(refused: Any, folder_config: Path, images: Path) -> None:
    argv = [folder_config, '--data-root', images, '--cfg-options', 'train_dataloader.batch_size=11']
    refused('train', argv, r'train_dataloader\.batch_size=11', 'BatchNorm', 'drop_last=True')


@pytest.mark.parametrize(
    ('name', 'patterns'),
    [
        ('ostr_darts_c10', ("CIFAR10: no folder '.*none/cifar-10", '--data-root')),
        ('ostr_darts_c100', ("CIFAR100: no folder '.*none/cifar-100", '--data-root')),
        ('ostr_pc-darts_in1k', ("ImageNet: no folder '.*none/train'", '--data-root')),
        ('ostr_nb201_in16-120', ("ImageNet16: no folder '.*none'", '--data-root')),
    ],
)
def test_data_that_is_not_there(
    refused: Any, repo_root: Path, tmp_path: Path, name: str, patterns: tuple[str, ...]
) -> None:
    small = ['model.supernet.channels=4', 'model.supernet.num_cells=1']
    argv = [repo_root / f'configs/search/{name}.py', '--data-root', tmp_path / 'none']
    refused('search', [*argv, '--cfg-options', *small], *patterns)


def test_data_that_need_no_folder(refused: Any, search_config: Path, tmp_path: Path) -> None:
    refused(
        'search', [search_config, '--data-root', tmp_path], 'the data set Digits needs no folder'
    )


def test_unusual_images_and_names_are_fine(
    folder_config: Path, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from ostrdet.commands import train as train_cli

    for index, (array, suffix) in enumerate(FINE.values()):
        written = cv2.imencode(suffix, array)[1]
        (images / f'train/cat/ü {index}{suffix}').write_bytes(written.tobytes())
    moved = images.rename(tmp_path / 'Bilder für später')
    work_dir = tmp_path / 'Läufe, erster'
    argv = [str(folder_config), '--work-dir', str(work_dir), '--cfg-options']
    roots = [f'{name}_dataloader.dataset.data_root={moved}' for name in ('train', 'val')]
    assert train_cli.main([*argv, *roots]) == 0
    assert capfd.readouterr().err == ''
    assert (work_dir / 'epoch_1.pth').is_file()

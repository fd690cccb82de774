"""Which files of a folder are images, and what is said of the others."""

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ostrdet.datasets import ImageFolder
from ostrdet.datasets.image_files import SUFFIXES, find_images, listed, loose_files

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 40, 3), dtype=np.uint8)


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix.lower()
    if suffix == '.jfif' or suffix not in SUFFIXES:
        suffix = '.jpg'
    picture = PICTURE[..., 0] if suffix in ('.pgm', '.pbm') else PICTURE
    path.write_bytes(cv2.imencode(suffix, picture)[1].tobytes())
    return path


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_what_is_taken_can_be_decoded_by_both_decoders(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f'x{suffix}')
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == PICTURE.shape
    with Image.open(path) as opened:
        assert opened.convert('RGB').size == (40, 48)


def test_all_of_the_usual_suffixes_are_taken() -> None:
    usual = {'.jpg', '.jpeg', '.jfif', '.png', '.webp', '.tif', '.tiff', '.bmp', '.gif', '.ppm'}
    assert usual <= set(SUFFIXES)


def test_images_of_every_suffix_are_in_the_data_set(tmp_path: Path) -> None:
    names = [f'x{suffix}' for suffix in SUFFIXES] + ['y.WEBP', 'y.JfIf', 'y.Tiff']
    for name in names:
        write(tmp_path / 'cat' / name)
    write(tmp_path / 'dog' / '1.png')
    data = ImageFolder(str(tmp_path), split='', preload_size=4)
    assert np.bincount(data.get_gt_labels()).tolist() == [len(names), 1]


def test_linked_folders_and_files_are_followed(tmp_path: Path) -> None:
    cat, store = tmp_path / 'set' / 'cat', tmp_path / 'store'
    write(cat / '0.png')
    for name in ('a.png', 'b.png', 'deep/c.png'):
        write(store / name)
    (cat / 'more').symlink_to(store)
    (cat / 'one.png').symlink_to(store / 'a.png')
    found = find_images(cat)
    names = [path.relative_to(cat).as_posix() for path in found.images]
    assert names == ['0.png', 'more/a.png', 'more/b.png', 'more/deep/c.png', 'one.png']
    assert not found.passed_over


def test_links_that_lead_back_or_to_another_class_end_nowhere(tmp_path: Path) -> None:
    for name in ('train/cat/0.png', 'train/cat/sub/1.png', 'train/dog/2.png'):
        write(tmp_path / name)
    cat = tmp_path / 'train' / 'cat'
    for name, target in {'self': cat, 'up': cat.parent, 'top': tmp_path, 'dog': '../dog'}.items():
        (cat / name).symlink_to(target)
    (cat / 'sub' / 'again').symlink_to(cat / 'sub')
    data = ImageFolder(str(tmp_path))
    names = [Path(data.get_data_info(i)['img_path']).name for i in range(len(data))]
    assert names == ['0.png', '1.png', '2.png']


def test_a_folder_that_is_linked_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / 'store' / 'a.png')
    (tmp_path / 'cat').mkdir()
    for name in ('x', 'y'):
        (tmp_path / 'cat' / name).symlink_to(tmp_path / 'store')
    found = find_images(tmp_path / 'cat')
    assert found.images == [tmp_path / 'cat' / 'x' / 'a.png']
    assert found.passed_over == {'(link to a folder that is read elsewhere)': 1}


def test_linked_class_folders_are_classes(tmp_path: Path) -> None:
    write(tmp_path / 'store' / 'a.png')
    write(tmp_path / 'set' / 'dog' / '1.png')
    (tmp_path / 'set' / 'cat').symlink_to(tmp_path / 'store')
    data = ImageFolder(str(tmp_path / 'set'), split='')
    assert data.metainfo['classes'] == ('cat', 'dog')
    assert len(data) == 2


def test_what_only_looks_like_an_image_is_passed_over_and_counted(tmp_path: Path) -> None:
    write(tmp_path / '0.png')
    (tmp_path / 'folder.jpg').mkdir()
    write(tmp_path / 'folder.png' / '1.png')
    os.mkfifo(tmp_path / 'pipe.png')
    (tmp_path / 'lost.png').symlink_to(tmp_path / 'nowhere.png')
    for name in ('a.heic', 'b.HEIC', 'c.txt', 'README', '.DS_Store', '._0.png'):
        (tmp_path / name).write_bytes(b'x')
    for name in ('@eaDir/0.png/thumb.jpg', '__MACOSX/0.png', '.cache/0.png'):
        write(tmp_path / name)
    found = find_images(tmp_path)
    assert found.images == [tmp_path / '0.png', tmp_path / 'folder.png' / '1.png']
    others = ('(no suffix)', '.txt', '(no regular file)', '(broken link)')
    assert found.passed_over == Counter({'.heic': 2, **dict.fromkeys(others, 1)})
    assert listed(found.passed_over).startswith('2 .heic, 1 (broken link)')


def test_the_data_set_says_once_what_it_passes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    log = 'ostrdet.datasets.image_folder.print_log'
    monkeypatch.setattr(log, lambda text, *_, **__: said.append(text))
    for name in ('cat/0.png', 'dog/0.png'):
        write(tmp_path / name)
    for name in ('cat/1.heic', 'dog/2.heic', 'dog/notes.txt', 'loose.png', '__MACOSX/cat/._0.png'):
        write(tmp_path / name)
    data = ImageFolder(str(tmp_path), split='')
    assert data.metainfo['classes'] == ('cat', 'dog')
    passed_over = '2 .heic, 1 .png beside the class folders, 1 .txt'
    assert said == [f"ImageFolder: '{tmp_path}' has 2 images; passed over: {passed_over}"]


def test_a_class_of_other_files_alone_says_which(tmp_path: Path) -> None:
    write(tmp_path / 'dog' / '0.png')
    write(tmp_path / 'cat' / '0.heic')
    with pytest.raises(ValueError, match=r"no image in the class folder '.*cat' \(but 1 \.heic\)"):
        ImageFolder(str(tmp_path), split='')


def test_a_test_set_may_lack_classes_and_keeps_their_numbers(tmp_path: Path) -> None:
    write(tmp_path / 'dog' / '0.png')
    classes = ['bee', 'cat', 'dog']
    data = ImageFolder(str(tmp_path), split='', classes=classes, num_classes=3, test_mode=True)
    assert data.metainfo['classes'] == tuple(classes)
    assert data.get_gt_labels().tolist() == [2]
    with pytest.raises(ValueError, match='are not the classes of the config'):
        ImageFolder(str(tmp_path), split='', classes=['bee', 'cat'], test_mode=True)


def test_a_link_to_itself_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / 'a.png').touch()
    (tmp_path / 'loop.png').symlink_to(tmp_path / 'loop.png')
    found = find_images(tmp_path)
    assert found.images == [tmp_path / 'a.png']
    assert found.passed_over == {'(broken link)': 1}
    assert loose_files(tmp_path)['(broken link) beside the class folders'] == 1

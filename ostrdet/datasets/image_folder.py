"""Images in one folder per class."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import CustomDataset

from ostrdet.datasets.image_files import (
    SUFFIXES,
    Found,
    find_images,
    is_visible,
    listed,
    loose_files,
)
from ostrdet.datasets.missing_data import check_folder
from ostrdet.errors import InvalidValueError
from ostrdet.registry import DATASETS

LAYOUT = 'Expected one folder per class with its images: data_root/split/class/image.jpg.'


@DATASETS.register_module()
class ImageFolder(CustomDataset):
    """Images in ``data_root/split/class/``, the class being the name of the folder.

    Classes and images are sorted by name. All suffixes that the decoders read are taken, and linked
    folders are followed; a warning counts the files that are passed over, but for hidden ones.
    Images are BGR, as everywhere in mmcv, so the data preprocessor needs ``to_rgb=True``; those that
    are kept in memory may be RGB, as CIFAR is.

    Args:
        data_root: Folder of the data set.
        split: Folder below ``data_root``, such as 'train' or 'test'; '' if the folders of the
            classes lie in ``data_root`` itself.
        preload_size: Where given, all images are read at the start, scaled by area averaging to
            this many pixels per side, and kept in memory under ``img``, so that the pipeline needs
            no loading. For small images, where decoding takes most of the time.
        channel_order: 'bgr', or with ``preload_size`` also 'rgb'.
        num_classes: Where given, the number of folders that there must be.
        kwargs: Arguments of ``mmpretrain.CustomDataset``, such as ``pipeline``, ``extensions`` or
            ``classes``, the names that the folders must have; with ``test_mode=True`` some of these
            may be lacking.

    Raises:
        FileNotFoundError: If the folder does not exist.
        NotADirectoryError: If it is a file.
        InvalidValueError: If there are fewer than two classes, other classes than expected or one
            twice, a class without images, or, with ``preload_size``, a file that can't be read; if
            the order of the channels is not offered, ``ann_file`` is given, or ``extensions`` is no
            list.
    """

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        preload_size: int | None = None,
        channel_order: str = 'bgr',
        num_classes: int | None = None,
        **kwargs: Any,
    ) -> None:
        if channel_order not in (('bgr',) if preload_size is None else ('bgr', 'rgb')):
            raise InvalidValueError(
                f"ImageFolder: channel_order='{channel_order}', expected 'bgr', or with preload_size "
                "also 'rgb'"
            )
        if kwargs.get('ann_file'):
            raise InvalidValueError(
                f"ImageFolder: ann_file='{kwargs['ann_file']}', expected none, as the names of the "
                "folders are the labels; type='mmpretrain.CustomDataset' reads such a file"
            )
        if isinstance(kwargs.get('extensions'), str):
            raise InvalidValueError(
                f"ImageFolder: extensions='{kwargs['extensions']}', expected a list, such as ['.png']"
            )
        self.preload_size, self.channel_order = preload_size, channel_order
        self.num_classes = num_classes
        super().__init__(
            data_root=data_root, data_prefix=split, **{'extensions': SUFFIXES, **kwargs}
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """One dict per image: ``img_path`` (or ``img``, (size, size, 3), BGR) and ``gt_label``."""
        root = check_folder(self.img_prefix, 'ImageFolder', LAYOUT)
        classes = self._class_names(root)
        self._metainfo['classes'] = classes
        passed_over = loose_files(root)
        infos: list[dict[str, Any]] = []
        for label, folder in enumerate(map(root.joinpath, classes)):
            found = self._find(folder, root, classes)
            passed_over += found.passed_over
            infos += [{**self._picture(file), 'gt_label': label} for file in found.images]
        if passed_over:
            text = f"ImageFolder: '{root}' has {len(infos):,} images; passed over: "
            print_log(text + listed(passed_over), 'current', level=logging.WARNING)
        return infos

    def _find(self, folder: Path, root: Path, classes: Sequence[str]) -> Found:
        """The images of a class; none where a test set lacks it."""
        if not folder.is_dir():
            return Found([], Counter())
        elsewhere = root, *root.resolve().parents, *map(root.joinpath, classes)
        found = find_images(folder, self.extensions, elsewhere)
        if not found.images:
            others = f' (but {listed(found.passed_over)})' if found.passed_over else ''
            raise InvalidValueError(
                f"ImageFolder: no image in the class folder '{folder}'{others}. Put images there "
                f'(extensions {", ".join(sorted(self.extensions))}), or delete the folder.'
            )
        return found

    def _class_names(self, root: Path) -> tuple[str, ...]:
        found = tuple(sorted(p.name for p in root.iterdir() if p.is_dir() and is_visible(p.name)))
        if len(found) < (1 if self.test_mode else 2):
            raise InvalidValueError(
                f"ImageFolder: {len(found)} class folders in '{root}', expected at least 2. {LAYOUT}"
            )
        expected = self.num_classes or len(found)
        if len(found) > expected or (len(found) < expected and not self.test_mode):
            raise InvalidValueError(
                f"ImageFolder: {len(found)} class folders in '{root}', but num_classes="
                f'{self.num_classes}. Found: {_some(found)}.'
            )
        if self.CLASSES is None:
            return found
        if len({*self.CLASSES}) < len(self.CLASSES):
            raise InvalidValueError(
                f'ImageFolder: classes={tuple(self.CLASSES)} has a name twice; name every class once'
            )
        strange = {*found} - {*self.CLASSES} if self.test_mode else {*found} ^ {*self.CLASSES}
        if strange:
            raise InvalidValueError(
                f"ImageFolder: the class folders in '{root}' are not the classes of the config. "
                f'Found: {_some(found)}. Expected: {_some(self.CLASSES)}. A test set may lack some, '
                'with test_mode=True.'
            )
        return tuple(self.CLASSES)

    def _picture(self, file: Path) -> dict[str, Any]:
        if self.preload_size is None:
            return {'img_path': str(file)}
        image = read_square(file, self.preload_size)
        if self.channel_order == 'rgb':
            image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return {'img': image}


def read_square(file: Path, size: int) -> np.ndarray:
    """The picture as uint8 BGR, scaled by area averaging, shape (size, size, 3).

    Raises:
        InvalidValueError: If the file is no readable image.
    """
    data = np.fromfile(file, dtype=np.uint8)
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error as error:
        raise InvalidValueError(
            f"'{file}' can't be read as an image: damaged, or of more than 2**30 pixels. Replace or "
            'delete it.'
        ) from error
    if image is None:
        raise InvalidValueError(
            f"'{file}' can't be read as an image: damaged or empty. Replace or delete it."
        )
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)


def _some(names: Sequence[str]) -> str:
    return ', '.join(names[:10]) + (', ...' if len(names) > 10 else '')

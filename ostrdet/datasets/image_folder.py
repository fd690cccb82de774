"""Images in one folder per class."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmpretrain.datasets import CustomDataset

from ostrdet.datasets.missing_data import check_folder
from ostrdet.registry import DATASETS

LAYOUT = 'Expected one folder per class with its images: data_root/split/class/image.jpg.'


@DATASETS.register_module()
class ImageFolder(CustomDataset):
    """Images in ``data_root/split/class/``, the class being the name of the folder.

    Classes and images are sorted by name; hidden files and folders are passed over. Images are BGR,
    as everywhere in mmcv, so the data preprocessor needs ``to_rgb=True``; those that are kept in
    memory may be RGB, as CIFAR is.

    Args:
        data_root: Folder of the data set.
        split: Folder below ``data_root``, such as 'train' or 'test'; '' if the folders of the
            classes lie in ``data_root`` itself.
        preload_size: Where given, all images are read at the start, scaled by area averaging to
            this many pixels per side, and kept in memory under ``img``, so that the pipeline needs
            no loading. For small images, where decoding takes most of the time.
        channel_order: 'bgr', or with ``preload_size`` also 'rgb'.
        num_classes: Where given, the number of folders that there must be.
        kwargs: Arguments of ``mmpretrain.CustomDataset``, such as ``pipeline`` or ``classes``, the
            names that the folders must have.

    Raises:
        FileNotFoundError: If the folder does not exist.
        NotADirectoryError: If it is a file.
        ValueError: If there are fewer than two classes, other classes than expected, a class
            without images, or, with ``preload_size``, a file that can't be read; if the order of
            the channels is not offered.
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
            raise ValueError(
                f"ImageFolder: channel_order='{channel_order}', expected 'bgr', or with preload_size "
                "also 'rgb'"
            )
        self.preload_size, self.channel_order = preload_size, channel_order
        self.num_classes = num_classes
        super().__init__(data_root=data_root, data_prefix=split, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """One dict per image: ``img_path`` (or ``img``, (size, size, 3), BGR) and ``gt_label``."""
        root = check_folder(self.img_prefix, 'ImageFolder', LAYOUT)
        classes = self._class_names(root)
        self._metainfo['classes'] = classes
        return [
            {**self._picture(file), 'gt_label': label}
            for label, name in enumerate(classes)
            for file in self._files(root / name)
        ]

    def _class_names(self, root: Path) -> tuple[str, ...]:
        found = tuple(sorted(p.name for p in root.iterdir() if p.is_dir() and _visible(p.name)))
        if len(found) < 2:
            raise ValueError(
                f"ImageFolder: {len(found)} class folders in '{root}', expected at least 2. {LAYOUT}"
            )
        if self.num_classes not in (None, len(found)):
            raise ValueError(
                f"ImageFolder: {len(found)} class folders in '{root}', but num_classes="
                f'{self.num_classes}. Found: {_some(found)}.'
            )
        if self.CLASSES is not None and set(self.CLASSES) != set(found):
            raise ValueError(
                f"ImageFolder: the class folders in '{root}' are not the classes of the config. "
                f'Found: {_some(found)}. Expected: {_some(self.CLASSES)}.'
            )
        return found if self.CLASSES is None else tuple(self.CLASSES)

    def _files(self, folder: Path) -> list[Path]:
        files = [p for p in folder.rglob('*') if self.is_valid_file(p.name)]
        shown = [p for p in files if all(map(_visible, p.relative_to(folder).parts))]
        if not shown:
            raise ValueError(
                f"ImageFolder: no image in the class folder '{folder}'. Put images there (extensions "
                f'{", ".join(sorted(self.extensions))}), or delete the folder.'
            )
        return sorted(shown)

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
        ValueError: If the file is no readable image.
    """
    data = np.fromfile(file, dtype=np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise ValueError(
            f"'{file}' can't be read as an image: damaged or empty. Replace or delete it."
        )
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)


def _visible(name: str) -> bool:
    return not name.startswith('.')


def _some(names: Sequence[str]) -> str:
    return ', '.join(names[:10]) + (', ...' if len(names) > 10 else '')

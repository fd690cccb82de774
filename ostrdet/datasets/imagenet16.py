"""ImageNet16-120, the data set of NAS-Bench-201."""

from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets import BaseDataset

from ostrdet.datasets.missing_data import check_files
from ostrdet.errors import InvalidValueError
from ostrdet.registry import DATASETS
from ostrdet.safe_pickle import load_arrays

SIZE = 16
TOTAL_CLASSES = 1000
FILES = {'train': [f'train_data_batch_{i}' for i in range(1, 11)], 'test': ['val_data']}
LAYOUT = (
    'Expected train_data_batch_1 to train_data_batch_10 and val_data, the pickles of ImageNet16 '
    'that the NAS-Bench-201 project describes and links (github.com/D-X-Y/NAS-Bench-201).'
)


@DATASETS.register_module()
class ImageNet16(BaseDataset):
    """ImageNet, downsampled to 16x16 pixels, RGB; its first 120 classes are ImageNet16-120.

    Nothing is downloaded. The pickles are read without running code (:func:`load_arrays`).

    Args:
        data_root: Folder of the eleven files.
        split: 'train' (151,700 images of 120 classes) or 'test' (6,000, the files' ``val_data``).
        num_classes: Number of classes that are kept, from the first, in [2, 1000].
        kwargs: Arguments of ``mmpretrain.BaseDataset``, such as ``pipeline``.

    Raises:
        FileNotFoundError: If the folder or a file of it is missing.
        InvalidValueError: If an argument is out of its range, or a file is not what it should be.
    """

    def __init__(
        self, data_root: str, split: str = 'train', num_classes: int = 120, **kwargs: Any
    ) -> None:
        if split not in FILES:
            raise InvalidValueError(
                f"ImageNet16: unknown split '{split}', expected one of {list(FILES)}"
            )
        if not 2 <= num_classes <= TOTAL_CLASSES:
            raise InvalidValueError(
                f'ImageNet16: num_classes={num_classes}, expected 2 to {TOTAL_CLASSES}'
            )
        self.split = split
        self.num_classes = num_classes
        kwargs.setdefault('metainfo', {'classes': tuple(str(i) for i in range(num_classes))})
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """One dict per image: ``img``, uint8, (16, 16, 3), RGB, and ``gt_label``, from 0."""
        names = FILES[self.split]
        check_files(self.data_root, names, 'ImageNet16', LAYOUT)
        return [
            {'img': image, 'gt_label': int(label)}
            for name in names
            for image, label in zip(
                *read_batch(Path(self.data_root) / name, self.num_classes), strict=True
            )
        ]


def read_batch(file: Path, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 16, 16, 3), uint8, RGB, and labels (N,) from 0, of the first classes of a file.

    Raises:
        InvalidValueError: If the file is not a batch of ImageNet16.
    """
    batch = load_arrays(file)
    if not isinstance(batch, dict) or not {'data', 'labels'} <= batch.keys():
        raise InvalidValueError(f"'{file}': expected a dict with the keys 'data' and 'labels'")
    data, labels = np.asarray(batch['data']), np.asarray(batch['labels'])
    if labels.ndim != 1 or labels.dtype.kind not in 'iu':
        raise InvalidValueError(f"'{file}': expected 'labels' to be a list of whole numbers")
    if not ((labels >= 1) & (labels <= TOTAL_CLASSES)).all():
        raise InvalidValueError(f"'{file}': expected 'labels' in 1 to {TOTAL_CLASSES}")
    if data.dtype != np.uint8 or data.shape != (len(labels), 3 * SIZE * SIZE):
        raise InvalidValueError(
            f"'{file}': expected 'data' of uint8, shape ({len(labels)}, {3 * SIZE * SIZE}), "
            f'got {data.dtype}, {data.shape}'
        )
    kept = labels <= num_classes
    images = data[kept].reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels[kept] - 1

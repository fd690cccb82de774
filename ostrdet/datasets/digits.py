"""Real images that come with scikit-learn, for trying and testing without a download."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from mmpretrain.datasets import BaseDataset

from ostrdet.datasets.bilevel_split import split_indices
from ostrdet.errors import InvalidValueError
from ostrdet.registry import DATASETS

SPLITS = ('train', 'test', 'all')
PORTIONS = (1437 / 1797, 360 / 1797)


@DATASETS.register_module()
class Digits(BaseDataset):
    """1,797 handwritten digits, 8x8 grey pixels each, of ``sklearn.datasets.load_digits``.

    Args:
        split: 'train' (1,437 images), 'test' (the other 360), both stratified and always the same,
            or 'all'.
        size: Pixels per side that the images are scaled to, bilinearly.
        kwargs: Arguments of ``mmpretrain.BaseDataset``, such as ``pipeline``.

    Raises:
        InvalidValueError: If the split is unknown.
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': tuple('0123456789')}

    def __init__(self, split: str = 'train', size: int = 16, **kwargs: Any) -> None:
        if split not in SPLITS:
            raise InvalidValueError(
                f"Digits: unknown split '{split}', expected one of {list(SPLITS)}"
            )
        self.split = split
        self.size = size
        # They are few; to serialise them, mmengine collects garbage for a quarter of a second
        super().__init__(ann_file='', **{'serialize_data': False, **kwargs})

    def load_data_list(self) -> list[dict[str, Any]]:
        """One dict per image: ``img``, uint8, (size, size, 3), equal channels; ``gt_label``."""
        images_NHW, labels_N = _load()
        train, test = split_indices(labels_N, len(labels_N), PORTIONS)
        chosen = {'train': train, 'test': test, 'all': np.arange(len(labels_N))}[self.split]
        return [
            {'img': _scale(images_NHW[i], self.size), 'gt_label': int(labels_N[i])} for i in chosen
        ]

    def extra_repr(self) -> list[str]:
        """The lines that ``repr`` adds."""
        return [f'Split: \t{self.split}', f'Image size: \t{self.size}']


def _load() -> tuple[np.ndarray, np.ndarray]:
    """Images, float64 in 0 to 16 of shape (N, 8, 8), and labels, as ``load_digits`` gives them."""
    package = find_spec('sklearn')
    file = Path((package and package.origin) or '').parent / 'datasets' / 'data' / 'digits.csv.gz'
    if file.is_file():  # read without scikit-learn, which takes half a second to import
        rows = np.loadtxt(file, delimiter=',')
        return rows[:, :-1].reshape(-1, 8, 8), rows[:, -1].astype(int)
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images, digits.target


def _scale(image_HW: np.ndarray, size: int) -> np.ndarray:
    grey = np.rint(image_HW * (255 / 16)).astype(np.uint8)
    scaled = cv2.resize(grey, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.repeat(scaled[:, :, None], 3, axis=2)

"""The augmentation of small images in one cheap step."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from ostrdet.errors import InvalidValueError
from ostrdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PadCropFlip(BaseTransform):
    """Pad with zeros, crop to the old size at random, and flip left to right at random.

    The same distribution as ``mmpretrain.RandomCrop(size, padding=padding)`` and then
    ``RandomFlip(prob=flip_prob)``, in about 20 rather than 145 microseconds per image, which on two
    CPU cores is what limits a search on 16x16 images.

    Required and modified key: ``img``, shape (H, W, C) or (H, W).

    Args:
        padding: Pixels added on every side, at least 0.
        flip_prob: Probability of the flip, in [0, 1].

    Raises:
        InvalidValueError: If an argument is out of its range.
    """

    def __init__(self, padding: int, flip_prob: float = 0.5) -> None:
        if padding < 0 or not 0 <= flip_prob <= 1:
            raise InvalidValueError(
                'PadCropFlip: expected padding >= 0 and flip_prob in [0, 1], '
                f'got padding={padding}, flip_prob={flip_prob}'
            )
        self.padding = padding
        self.flip_prob = flip_prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``results['img']``."""
        img_HWC, pad = results['img'], self.padding
        height, width = img_HWC.shape[:2]
        top, left = np.random.randint(0, 2 * pad + 1), np.random.randint(0, 2 * pad + 1)
        shape = height + 2 * pad, width + 2 * pad, *img_HWC.shape[2:]
        padded = np.zeros(shape, img_HWC.dtype)
        padded[pad : pad + height, pad : pad + width] = img_HWC
        window = padded[top : top + height, left : left + width]
        flipped = window[:, ::-1] if np.random.random() < self.flip_prob else window
        results['img'] = np.ascontiguousarray(flipped)
        return results

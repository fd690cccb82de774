"""Labels without labels: by how much an image was turned."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from ostrdet.registry import TRANSFORMS

QUARTERS = 4


@TRANSFORMS.register_module()
class RotationTask(BaseTransform):
    """Turn the image by 0, 90, 180 or 270 degrees at random; the label says by how many quarters.

    The task of UnNAS (Liu et al., ECCV 2020). The reference takes all four copies of an image, this
    one a copy per epoch. Whatever label the sample had is replaced.

    Required and modified key: ``img``, shape (H, W, C) or (H, W); set key: ``gt_label``.

    Attributes:
        num_labels: Number of labels that the transform makes.

    Examples:
        >>> image = np.arange(4).reshape(2, 2)
        >>> found = RotationTask()({'img': image})
        >>> np.array_equal(found['img'], np.rot90(image, found['gt_label']))
        True
    """

    num_labels = QUARTERS

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``results['img']`` and ``results['gt_label']``."""
        quarters = int(np.random.randint(QUARTERS))
        results['img'] = np.ascontiguousarray(np.rot90(results['img'], quarters))
        results['gt_label'] = quarters
        return results

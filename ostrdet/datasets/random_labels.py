"""Labels that mean nothing, the same in every epoch."""

from typing import Any

from mmcv.transforms import BaseTransform

from ostrdet.datasets.seeding import hash_seed
from ostrdet.errors import InvalidValueError
from ostrdet.registry import TRANSFORMS
from ostrdet.structures.integers import is_integer

#: Stream of random numbers of the labels.
LABELS = 5


@TRANSFORMS.register_module()
class RandomLabels(BaseTransform):
    """Replace the label of every image by one drawn uniformly, once for all (RLNAS, CVPR 2021).

    Required key: ``sample_idx``, the place of the image in its data set; modified key: ``gt_label``.

    Args:
        num_labels: Number of labels, from 1: ``model.supernet.num_classes``.
        seed: Of the draws.

    Raises:
        InvalidValueError: If there is no label to draw.

    Examples:
        >>> relabel = RandomLabels(num_labels=10)
        >>> [relabel({'sample_idx': 3, 'gt_label': label})['gt_label'] for label in (0, 9)]
        [0, 0]
    """

    def __init__(self, num_labels: int, seed: int = 0) -> None:
        if not is_integer(num_labels) or num_labels < 1:
            raise InvalidValueError(
                f'RandomLabels: num_labels={num_labels!r}, expected an integer from 1, that of the classes'
            )
        self.num_labels, self.seed = num_labels, seed

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``results['gt_label']``."""
        key = hash_seed(self.seed, LABELS, int(results['sample_idx']))
        results['gt_label'] = key % self.num_labels
        return results

"""Batches of images of one orientation, which can begin anywhere in an epoch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import BatchSampler, Sampler

from ostrdet.registry import DATA_SAMPLERS

#: Epoch and position.
Item = tuple[int, int]


@DATA_SAMPLERS.register_module()
class AspectRatioBatchSampler(BatchSampler):
    """The batches of mmdet's sampler of this name; a resumed run begins at any of them.

    Tall images and the others come in batches of their own, so that little is padded; what is left
    of both at the end of an epoch is mixed. Mmdet's starts anew at the first batch, and hands what
    an epoch that was cut off has gathered to the next one.

    Args:
        sampler: Gives the samples of an epoch; its ``dataset`` tells their sizes.
        batch_size: Images of a batch.
        drop_last: Whether to leave out a last batch that is not full.

    Raises:
        InvalidValueError: If ``batch_size`` is not a positive integer.
    """

    def __init__(self, sampler: Sampler, batch_size: int, drop_last: bool = False) -> None:
        super().__init__(sampler, batch_size, drop_last)
        self.start = 0
        self._tall_N: np.ndarray | None = None

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Give the batches of ``epoch`` from the one numbered ``start`` on."""
        sampler: Any = self.sampler
        sampler.set_epoch(epoch)
        self.start = start

    def __iter__(self) -> Iterator[list[Any]]:
        """Lists of the pairs ``(epoch, position)`` that the sampler gives."""
        return iter(self._batches()[self.start :])

    def _batches(self) -> list[list[Item]]:
        sampler: Any = self.sampler
        if self._tall_N is None:
            self._tall_N = _tall(sampler.dataset)
        full: list[list[Item]] = []
        tall: list[Item] = []
        others: list[Item] = []
        for item in sampler:
            batch = tall if self._tall_N[item[1]] else others
            batch.append(item)
            if len(batch) == self.batch_size:
                full.append(batch[:])
                batch.clear()
        rest = tall + others
        last = [rest[at : at + self.batch_size] for at in range(0, len(rest), self.batch_size)]
        return [*full, *(b for b in last if len(b) == self.batch_size or not self.drop_last)]


def _tall(dataset: Any) -> np.ndarray:
    """Whether each image of the data set is higher than wide; no image is read."""
    sizes = (dataset.get_data_info(position) for position in range(len(dataset)))
    return np.array([size['width'] < size['height'] for size in sizes], dtype=bool)

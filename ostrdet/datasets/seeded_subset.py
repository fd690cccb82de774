"""A part of a data set whose augmentation depends on (seed, epoch, index) alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from ostrdet.datasets.seeding import seed_generators


class SeededSubset(Dataset):
    """The samples ``indices`` of a data set, each augmented from its own seed.

    Before a sample is read, the global generators of Python, numpy and torch (CPU) are seeded from
    the hash of (seed, epoch, index in the whole data set). So a sample looks the same whatever the
    number of workers, the prefetching, the order and the restarts.

    With ``num_workers=0`` samples are read in the process that trains, and reading one leaves its
    generators seeded by that sample. A loop whose results must not depend on the number of workers
    seeds its own generators in each iteration, after it has taken the batch.

    Args:
        dataset: Any data set that is indexed by an int.
        indices: Indices into ``dataset``, shape (N,).
        seed: Chooses the augmentation.

    Raises:
        IndexError: If an index is outside of ``dataset``.
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | np.ndarray, seed: int = 0) -> None:
        self.dataset = dataset
        self.indices = np.array(indices, dtype=np.int64)
        self.seed = seed
        outside = self.indices[(self.indices < 0) | (self.indices >= len(dataset))]
        if outside.size:
            raise IndexError(f'index {outside[0]} is outside of a data set of {len(dataset)}')

    @property
    def metainfo(self) -> Mapping[str, Any]:
        """``metainfo`` of the data set, which holds ``classes``; empty if it has none."""
        return getattr(self.dataset, 'metainfo', {})

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, item: int | tuple[int, int]) -> Any:
        """The sample at ``(epoch, position)``; a bare position means epoch 0.

        Raises:
            IndexError: If the position is outside of the subset.
        """
        epoch, position = item if isinstance(item, tuple) else (0, item)
        index = int(self.indices[position])
        seed_generators(self.seed, epoch, index)
        return self.dataset[index]

    def get_data_info(self, position: int) -> dict[str, Any]:
        """What a data set of mmengine knows of a sample before it reads it, such as its size."""
        info: dict[str, Any] = self.dataset.get_data_info(int(self.indices[position]))
        return info

    def __deepcopy__(self, memo: dict[int, Any]) -> 'SeededSubset':
        # Runner.build_dataloader deep-copies its config, with the data set in it: keep one in memory
        return SeededSubset(self.dataset, self.indices, self.seed)


def dataset_labels(dataset: Any) -> list[int] | None:
    """The class of every sample, or None if the data set can't tell, or has several per sample."""
    if not hasattr(dataset, 'get_gt_labels'):
        return None
    labels_N = np.asarray(dataset.get_gt_labels())
    return labels_N.tolist() if labels_N.ndim == 1 and labels_N.dtype.kind in 'iu' else None


def labels_made(dataset: Any) -> int | None:
    """How many labels the pipeline makes itself; None if samples keep those of the data set."""
    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    found = (getattr(transform, 'num_labels', None) for transform in transforms)
    return next((number for number in found if number is not None), None)

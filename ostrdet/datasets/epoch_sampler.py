"""The sampler that tells :class:`SeededSubset` the epoch."""

from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dataset import DefaultSampler

from ostrdet.datasets.seeding import seeded_permutation
from ostrdet.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """Yields ``(epoch, position)``; the order depends on the hash of (seed, epoch) alone.

    In :class:`mmengine.dataset.DefaultSampler` it depends on ``seed + epoch``, so that epoch e of
    seed s is epoch e - 1 of seed s + 1, and neighbouring seeds are no independent runs.

    Args:
        dataset: The data set, of which only the length is used.
        shuffle: Whether to shuffle in each epoch.
        seed: Chooses the orders; must be the same in all processes. None takes a random one.
        round_up: Whether to repeat samples until all processes have the same number.
    """

    def __init__(
        self,
        dataset: Sized,
        shuffle: bool = True,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        super().__init__(dataset, shuffle=shuffle, seed=seed, round_up=round_up)
        self.start = 0

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Give the samples of ``epoch`` from position ``start`` of this process on."""
        super().set_epoch(epoch)
        self.start = start

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The pairs of this process, for the epoch of the last ``set_epoch``."""
        size = len(self.dataset)
        order_N = seeded_permutation(size, self.seed, self.epoch) if self.shuffle else range(size)
        shared = np.resize(order_N, self.total_size)[self.rank :: self.world_size]
        return iter([(self.epoch, position) for position in shared[self.start :].tolist()])

"""The loop of retraining: mmengine's epochs, with random numbers that survive a restart."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.runner import EpochBasedTrainLoop, Runner

from ostrdet.datasets import dataset_labels
from ostrdet.engine.loops.seeded_data import (
    WEIGHTS,
    build_dataset,
    check_classes,
    seed_iteration,
    seeded_loader,
)
from ostrdet.engine.unwrap import unwrapped
from ostrdet.registry import LOOPS


@LOOPS.register_module()
class SeededTrainLoop(EpochBasedTrainLoop):
    """Epochs over the training set, reshuffled in each.

    A sample is augmented from the hash of (seed, epoch, index), and before every iteration the
    generators are seeded by (seed, iteration, rank): whatever the number of workers and restarts,
    the same run draws the same numbers.

    Args:
        runner: The runner; its seed must be set.
        dataloader: Config of the dataloader.
        max_epochs: Number of epochs.
        val_begin: First epoch, from 1, that is validated.
        val_interval: Epochs between validations.

    Raises:
        ValueError: If the model has fewer classes than the data.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Mapping[str, Any],
        max_epochs: int,
        val_begin: int = 1,
        val_interval: int = 1,
    ) -> None:
        dataset = build_dataset(dataloader)
        head = unwrapped(runner.model).head
        check_classes(dataset_labels(dataset), head.num_classes, 'model.head.num_classes')
        samples = np.arange(len(dataset))
        loader = seeded_loader(dataloader, dataset, samples, runner.seed, WEIGHTS)
        super().__init__(runner, loader, max_epochs, val_begin, val_interval)

    def run_epoch(self) -> None:
        """One epoch, in its own order."""
        self.dataloader.sampler.set_epoch(self._epoch)
        super().run_epoch()

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """One iteration, with its own random numbers."""
        seed_iteration(self.runner, self._iter)
        super().run_iter(idx, data_batch)

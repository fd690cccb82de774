"""The loop of retraining and transfer."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from mmengine.runner import Runner

from ostrdet.datasets import dataset_labels
from ostrdet.engine.loops.seeded_data import (
    WEIGHTS,
    begin_at,
    build_dataset,
    check_classes,
    seeded_loader,
)
from ostrdet.engine.loops.seeded_epochs import SeededEpochLoop
from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import LOOPS


@LOOPS.register_module()
class SeededTrainLoop(SeededEpochLoop):
    """Epochs over the training set, reshuffled in each.

    Args:
        runner: The runner; its seed must be set.
        dataloader: Config of the dataloader.
        max_epochs: Number of epochs.
        val_begin: First epoch, from 1, that is validated.
        val_interval: Epochs between validations; the last is always validated.

    Raises:
        InvalidValueError: If a classifier has fewer classes than the data, or the batch sampler
            can't begin within an epoch.
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
        head = getattr(unwrapped(runner.model), 'head', None)
        if head is not None:  # a detector has several, which the runner compares
            check_classes(dataset_labels(dataset), head.num_classes, 'model.head.num_classes')
        samples = np.arange(len(dataset))
        loader = seeded_loader(dataloader, dataset, samples, runner.seed, WEIGHTS)
        super().__init__(runner, loader, max_epochs, val_begin, val_interval)

    def batches(self, start: int) -> Iterator[Any]:
        """The batches of this epoch, in its own order."""
        begin_at(self.dataloader, self._epoch, start)
        return iter(self.dataloader)

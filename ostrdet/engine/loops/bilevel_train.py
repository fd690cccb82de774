"""The loop of a search: pairs of batches, one from each half of the training set."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ostrdet.datasets import dataset_labels, split_indices
from ostrdet.datasets.seeding import hash_seed
from ostrdet.engine.loops.seeded_data import (
    ARCH,
    DRAWS,
    WEIGHTS,
    begin_at,
    build_dataset,
    build_half,
    check_classes,
)
from ostrdet.engine.loops.seeded_epochs import SeededEpochLoop
from ostrdet.errors import InvalidValueError
from ostrdet.models.unwrap import searcher_of
from ostrdet.registry import LOOPS

HALVES = ('weights', 'architecture')


@LOOPS.register_module()
class BilevelTrainLoop(SeededEpochLoop):
    """Epochs over the weight half; the architecture half goes round beside it.

    Both halves are reshuffled in every epoch, each in its own order.

    Args:
        runner: The runner; its seed must be set.
        dataloader: Config of the dataloader of the whole training set.
        max_epochs: Number of epochs.
        portions: Portions of the training set for the weights and for the architecture.
        arch_start_epoch: First epoch, from 0, in which alpha moves.
        split_seed: Chooses the samples of the halves; not tied to the seed of the run, so that
            runs can be compared.
        val_begin: First epoch, from 1, that is validated.
        val_interval: Epochs between validations; the last is always validated.

    Raises:
        InvalidValueError: If the portions are out of range or overlap, a half is smaller than a
            batch, a number of epochs is out of range, or the supernet has fewer classes than the
            data.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Mapping[str, Any],
        max_epochs: int,
        portions: tuple[float, float] = (0.5, 0.5),
        arch_start_epoch: int = 0,
        split_seed: int = 0,
        val_begin: int = 1,
        val_interval: int = 1,
    ) -> None:
        _check_at_least(1, max_epochs=max_epochs, val_begin=val_begin, val_interval=val_interval)
        _check_at_least(0, arch_start_epoch=arch_start_epoch)
        self.dataset, self.dataset_cfg = build_dataset(dataloader), dataloader['dataset']
        labels = dataset_labels(self.dataset)
        check_classes(
            labels, searcher_of(runner).bare_supernet.num_classes, 'model.supernet.num_classes'
        )
        halves = split_indices(labels, len(self.dataset), portions, split_seed)
        self.weight_indices, self.arch_indices = halves
        loaders = [
            build_half(dataloader, self.dataset, indices, runner.seed, half, name)
            for half, (indices, name) in enumerate(zip(halves, HALVES, strict=True))
        ]
        super().__init__(runner, loaders[WEIGHTS], max_epochs, val_begin, val_interval)
        self.arch_dataloader: DataLoader = loaders[ARCH]
        self.arch_start_epoch = arch_start_epoch

    def batches(self, start: int) -> Iterator[Any]:
        """Pairs of batches, one from each half."""
        return self.pairs(start)

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """As in mmengine; what all processes draw alike depends on the iteration, not on the rank."""
        seed = hash_seed(self.runner.seed, DRAWS, self._iter)
        searcher_of(self.runner).draw_seed = seed
        super().run_iter(idx, data_batch)

    def pairs(self, start: int = 0) -> Iterator[tuple[Any, Any | None]]:
        """The batches of one epoch, from its iteration ``start``.

        None stands for the architecture's while alpha is frozen.
        """
        begin_at(self.dataloader, self._epoch, start)
        if self._epoch < self.arch_start_epoch:
            yield from ((batch, None) for batch in self.dataloader)
        else:
            yield from zip(self.dataloader, self._arch_batches(start), strict=False)

    def _arch_batches(self, start: int) -> Iterator[Any]:
        """The architecture half, as often as the weight half needs it, reshuffled every time."""
        length = len(self.arch_dataloader)
        rounds = -(-len(self.dataloader) // length)
        for turn in range(start // length, rounds):
            begin_at(self.arch_dataloader, self._epoch * rounds + turn, start % length)
            yield from self.arch_dataloader
            start = 0


def _check_at_least(least: int, **epochs: int) -> None:
    for key, value in epochs.items():
        if not isinstance(value, int) or value < least:
            raise InvalidValueError(
                f'train_cfg.{key}={value!r}, expected an integer, at least {least}'
            )

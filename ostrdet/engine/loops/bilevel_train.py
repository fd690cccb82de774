"""The loop of a search: a batch of every portion of the training set."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ostrdet.datasets import dataset_labels, labels_made, split_indices
from ostrdet.datasets.seeding import hash_seed
from ostrdet.engine.loops.seeded_data import (
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
#: Parts of the training set for weights and architecture, if the config names none.
PORTIONS = (0.5, 0.5)


@LOOPS.register_module()
class BilevelTrainLoop(SeededEpochLoop):
    """Epochs over the weight half, each batch with one of the architecture half.

    Both halves are reshuffled in every epoch, each in its own order.

    Args:
        runner: The runner; its seed must be set.
        dataloader: Config of the dataloader of the whole training set.
        max_epochs: Number of epochs.
        portions: Portions of the training set for the weights and for the architecture; one number
            for a search on one level, whose steps share a batch.
        arch_start_epoch: First epoch, from 0, in which alpha moves.
        arch_interval: Iterations from one architecture step to the next.
        split_seed: Chooses the samples of the halves; not tied to the seed of the run, so that
            runs can be compared.
        val_begin: First epoch, from 1, that is validated.
        val_interval: Epochs between validations; the last is always validated.

    Raises:
        InvalidValueError: If the portions are out of range or overlap, a half is smaller than a
            batch, an epoch is shorter than the interval, or the supernet has fewer classes than the
            data. Ranges of single numbers are checked with the config.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Mapping[str, Any],
        max_epochs: int,
        portions: tuple[float, ...] = PORTIONS,
        arch_start_epoch: int = 0,
        split_seed: int = 0,
        val_begin: int = 1,
        val_interval: int = 1,
        arch_interval: int = 1,
    ) -> None:
        self.dataset, self.dataset_cfg = build_dataset(dataloader), dataloader['dataset']
        made = labels_made(self.dataset)
        labels = dataset_labels(self.dataset) if made is None else None
        check_classes(
            labels if made is None else range(made),
            searcher_of(runner).bare_supernet.num_classes,
            'model.supernet.num_classes',
        )
        halves = split_indices(labels, len(self.dataset), portions, split_seed)
        self.weight_indices, self.arch_indices = halves[0], halves[-1]
        self.is_one_level = len(halves) == 1
        if self.is_one_level:
            searcher_of(runner).check_one_level()
        loaders = [
            build_half(dataloader, self.dataset, indices, runner.seed, half, name)
            for half, (indices, name) in enumerate(zip(halves, HALVES, strict=False))
        ]
        super().__init__(runner, loaders[WEIGHTS], max_epochs, val_begin, val_interval)
        self.arch_dataloader: DataLoader = loaders[-1]
        self.arch_start_epoch, self.arch_interval = arch_start_epoch, arch_interval
        if arch_interval > len(self.dataloader):
            raise InvalidValueError(
                f'train_cfg.arch_interval={arch_interval}, but an epoch has {len(self.dataloader)} '
                'iterations: alpha would stand still; make it smaller'
            )

    def batches(self, start: int) -> Iterator[Any]:
        """What an iteration takes: see :meth:`pairs`."""
        return self.pairs(start)

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """As in mmengine; what all processes draw alike depends on the iteration, not on the rank."""
        seed = hash_seed(self.runner.seed, DRAWS, self._iter)
        searcher_of(self.runner).draw_seed = seed
        super().run_iter(idx, data_batch)

    def pairs(self, start: int = 0, epoch: int | None = None) -> Iterator[tuple[Any, ...]]:
        """The batches of one epoch, from its iteration ``start``: one of each half.

        None stands for the architecture's where alpha rests. On one level a batch is alone. The epoch
        is the present one if None.
        """
        epoch = self._epoch if epoch is None else epoch
        begin_at(self.dataloader, epoch, start)
        arch_batches = self._arch_batches(epoch, -(-start // self.arch_interval))
        for index, batch in enumerate(self.dataloader, start):
            if epoch < self.arch_start_epoch or index % self.arch_interval:
                yield batch, None
            elif self.is_one_level:
                yield (batch,)
            else:
                yield batch, next(arch_batches)

    def _arch_batches(self, epoch: int, start: int) -> Iterator[Any]:
        """The architecture half, as often as the weight half needs it, reshuffled every time."""
        length = len(self.arch_dataloader)
        rounds = -(-len(self.dataloader) // (length * self.arch_interval))
        for turn in range(start // length, rounds):
            begin_at(self.arch_dataloader, epoch * rounds + turn, start % length)
            yield from self.arch_dataloader
            start = 0

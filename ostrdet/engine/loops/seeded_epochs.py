"""Epochs that can be left and taken up again at any iteration."""

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from mmengine.runner import EpochBasedTrainLoop
from torch import nn

from ostrdet.engine.loops.seeded_data import seed_iteration
from ostrdet.engine.rehearsal import rehearse


class SeededEpochLoop(EpochBasedTrainLoop):
    """Epochs in which every random number depends on what it is for, not on what came before.

    Before every iteration the generators are seeded by (seed, iteration, rank), and samples are
    augmented from the hash of (seed, epoch, index). So a run that was cut off after any iteration
    goes on, at that iteration, as the uninterrupted one would have. Validation comes before the
    hooks of the epoch's end, so that selection and checkpoint know its result; what was trained is
    saved before it.
    """

    @abstractmethod
    def batches(self, start: int) -> Iterator[Any]:
        """The batches of the present epoch, from iteration ``start`` of it."""

    @property
    def offset(self) -> int:
        """Iterations of the present epoch that are done; all of them just before its end."""
        return self._iter - self._epoch * len(self.dataloader)

    def run(self) -> nn.Module:
        """Train for ``max_epochs``, or until a hook sets ``stop_training``, after a rehearsal."""
        if self._epoch < self._max_epochs:
            rehearse(self.runner)
        self.runner.call_hook('before_train')
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self) -> None:
        """Train, validate, then let the hooks select, report and save."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        start = self.offset
        for index, batch in enumerate(self.batches(start), start=start):
            seed_iteration(self.runner, self._iter)
            self.run_iter(index, batch)
        if self._is_validated():
            self.runner.call_hook('before_validation')  # of SafeCheckpointHook alone
            self._epoch += 1  # the runner counts an epoch as done before it validates
            self.runner.val_loop.run()
            self._epoch -= 1
        with warnings.catch_warnings():
            # A run that was cut off after the last iteration of an epoch steps no optimizer before
            warnings.filterwarnings('ignore', r'Detected call of `scheduler\.step')
            self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _is_validated(self) -> bool:
        done = self._epoch + 1
        if self.runner.val_loop is None or done < self.val_begin:
            return False
        return done % self.val_interval == 0 or done == self._max_epochs

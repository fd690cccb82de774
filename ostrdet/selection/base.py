"""What every selection criterion offers, and the mean over minibatches that most of them are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ostrdet.structures import ArchState, ArchStep


class Criterion(ABC):
    """Scores every candidate of every edge; the highest are kept.

    A criterion may watch the search (:meth:`observe` sees every architecture step) or judge only
    the moment at which it is asked (:meth:`scores`); the methods that it does not need do nothing.
    Which operations can be chosen, and how many edges a node keeps, are facts of the space and none
    of its business.
    """

    def reset(self) -> None:
        """Forget all observations; called at the first iteration of an epoch."""
        return

    def observe(self, step: ArchStep) -> None:
        """Take note of one architecture step; called before alpha moves on."""
        return

    @abstractmethod
    def scores(self, state: ArchState) -> dict[str, Tensor] | None:
        """The scores by cell type.

        Args:
            state: Alpha and its weights at the time of asking.

        Returns:
            Higher is kept; float64 on the CPU, shape (E, O) each. None while nothing was observed.
        """

    def state_dict(self) -> dict[str, Any]:
        """The observations since the last reset: tensors and plain values only."""
        return {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        return


class MinibatchMean(Criterion):
    """The mean over minibatches of a score that each architecture step yields (Eqs. 11, 17).

    Sums are float64 on the CPU. A minibatch with a score that is not finite, in whichever cell
    type, is left out whole: one NaN would spoil the epoch.

    Attributes:
        observed: Minibatches in the mean.
        skipped: Minibatches left out.
    """

    def __init__(self) -> None:
        self.reset()

    @abstractmethod
    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """The scores of one minibatch and cell type, shape (E, O)."""

    def reset(self) -> None:
        """Set the sums and both counters to zero."""
        self._sums: dict[str, Tensor] = {}
        self.observed = 0
        self.skipped = 0

    def observe(self, step: ArchStep) -> None:
        """Add the scores of one minibatch, or skip it."""
        scores = {name: _plain(self.minibatch_scores(step, name)) for name in step.state.alphas}
        if not all(bool(score.isfinite().all()) for score in scores.values()):
            self.skipped += 1
            return
        # a new tensor each time, so that a state dict handed out earlier stays as it was
        self._sums = {name: self._sums.get(name, 0) + score for name, score in scores.items()}
        self.observed += 1

    def scores(self, state: ArchState) -> dict[str, Tensor] | None:
        """The mean so far, whatever ``state``; None if every minibatch was skipped."""
        if not self.observed:
            return None
        return {name: total / self.observed for name, total in self._sums.items()}

    def state_dict(self) -> dict[str, Any]:
        """The sums by cell type and the two counters."""
        return {'sums': dict(self._sums), 'observed': self.observed, 'skipped': self.skipped}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue exactly where the saved criterion stood.

        Raises:
            ValueError: If ``state_dict`` is not that of a mean over minibatches.
        """
        expected = set(self.state_dict())
        if set(state_dict) != expected:
            raise ValueError(
                f'the state of {type(self).__name__} needs the keys {sorted(expected)}, got '
                f'{sorted(state_dict)}: it was saved by another criterion'
            )
        self._sums = {name: _plain(total) for name, total in state_dict['sums'].items()}
        self.observed = int(state_dict['observed'])
        self.skipped = int(state_dict['skipped'])


def _plain(scores: Tensor) -> Tensor:
    return scores.detach().to('cpu', torch.float64)

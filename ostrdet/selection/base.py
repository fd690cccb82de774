"""What every selection criterion offers, and the mean over minibatches that most of them are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.spaces import SearchSpace
from ostrdet.structures import ArchState, ArchStep
from ostrdet.structures.decisions import Decisions
from ostrdet.structures.integers import is_integer

#: Sums and numbers by cell type, (E, O).
Table = dict[str, Tensor]


class Epoch(NamedTuple):
    """What an epoch observed.

    Attributes:
        sums: Sums of scores.
        observed: Minibatches in them.
        counts: In how many of them each candidate took part; empty where all did.
    """

    sums: Table
    observed: int
    counts: Table

    def minibatches(self, name: str) -> Tensor:
        """In how many minibatches each candidate of a cell type took part, (E, O)."""
        whole = torch.full_like(self.sums[name], self.observed)
        return self.counts.get(name, whole)


#: Keys of a state that older checkpoints do not have.
ADDED = {'past', 'counts'}


class Criterion(ABC):
    """Scores every candidate of every edge; the highest are kept.

    A criterion may watch the search (:meth:`observe` sees every architecture step) or judge only
    the moment at which it is asked (:meth:`scores`); the methods that it does not need do nothing.
    Which operations can be chosen, and how many edges a node keeps, are facts of the space and none
    of its business.

    Attributes:
        meaning: What the score measures, as the half of a sentence that reports print; '' for
            nothing.
        uses_edge_weights: Whether edges are ranked by score times edge weight, where the weighting
            has edge weights. Gradients contain the edge weight already, so scores that are made of
            them are ranked as they are.
        tie_rtol: Scores within this relative distance of the best one tie with it. More than 0 only
            for a criterion whose scores tie by identity, since floating point then rounds equal
            scores apart.
        ties_on_pairs: Whether the scores of two candidates alone on an edge say nothing of which to keep.
        is_probability: Whether scores are weights in [0, 1].
        compares_all: Whether it needs the gradient of every candidate, which a weighting that computes
            one candidate per edge does not give.
        window: The number of epochs whose observations count, from 1; the paper has 1.
    """

    meaning = ''
    uses_edge_weights = False
    tie_rtol = 0.0
    compares_all = False
    is_probability = False
    ties_on_pairs = False
    window = 1
    #: The estimate of the Hessian that it needs, of :attr:`ArchStep.pairs`; None for none.
    estimate: str | None = None
    #: It needs one in iterations whose number in the epoch is divisible by this.
    interval = 1

    def reset(self) -> None:
        """Begin an epoch, and forget what is older than the window."""
        return

    def observe(self, step: ArchStep) -> None:
        """Take note of one architecture step; called before alpha moves on."""
        return

    def _check_count(self, key: str, value: Any, least: int) -> None:
        if not is_integer(value) or value < least:
            raise InvalidValueError(
                f'{type(self).__name__}: {key}={value!r}, expected an integer from {least}'
            )

    @abstractmethod
    def scores(self, state: ArchState) -> dict[str, Tensor] | None:
        """The scores by cell type.

        Args:
            state: Alpha and its weights at the time of asking.

        Returns:
            Higher is kept; float64 on the CPU, shape (E, O) each. None while nothing was observed.
        """

    @property
    def decisions(self) -> Decisions:
        """Its decisions about edges, which hold from now on where it decides the search; {} for none."""
        return {}

    def check_space(self, space: SearchSpace) -> None:
        """Raise an ``InvalidValueError`` if it can't judge in this space; by default it can."""
        return

    def decide(self, state: ArchState, space: SearchSpace, epoch: int) -> None:
        """Decide about edges at the end of an epoch, counted from 1, if it decides the search."""
        return

    def alpha_step(self) -> Table | None:
        """What it adds to alpha at the end of an epoch if it decides, (E, O) each; None for nothing."""
        return None

    def state_dict(self) -> dict[str, Any]:
        """The observations since the last reset: tensors and plain values only."""
        return {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        return


class MinibatchMean(Criterion):
    """The mean over minibatches of a score that each architecture step yields (Eqs. 11, 17).

    The mean is over the last ``window`` epochs, every minibatch with the same weight. Where a weighting
    drops candidates, it is over the minibatches in which a candidate took part. Sums are
    float64, on the device of the scores until the epoch ends. A minibatch with a score that is not
    finite, in whichever cell type, is left out whole: one NaN would spoil the epoch. To observe reads
    no number, so that a GPU is not waited for.
    """

    def __init__(self) -> None:
        self._past: list[Epoch] = []
        self._start_epoch()

    @abstractmethod
    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """The scores of one minibatch and cell type, shape (E, O)."""

    def reset(self) -> None:
        """Move the sums of the last epoch into the window, and set both counters to zero."""
        past = [*self._past, self._epoch()] if self.observed else self._past
        self._past = past[-(self.window - 1) :] if self.window > 1 else []
        self._start_epoch()

    def _start_epoch(self) -> None:
        self._sums: Table = {}
        self._counts: Table = {}
        self._seen = 0
        self._kept: int | Tensor = 0
        self._last: bool | Tensor = True

    @property
    def observed(self) -> int:
        """Minibatches of this epoch in the mean."""
        return int(self._kept)

    @property
    def skipped(self) -> int:
        """Minibatches of this epoch left out."""
        return self._seen - self.observed

    @property
    def has_skipped(self) -> bool:
        """Whether the last minibatch was left out."""
        return not self._last

    def _epoch(self) -> Epoch:
        return Epoch(_on_cpu(self._sums), self.observed, _on_cpu(self._counts))

    def observe(self, step: ArchStep) -> None:
        """Add the scores of one minibatch, or skip it."""
        scores = {name: _plain(self.minibatch_scores(step, name)) for name in step.state.alphas}
        good = torch.stack([score.isfinite().all() for score in scores.values()]).all()
        for name, score in scores.items():
            counted = good
            if (mask_EO := (step.kept or {}).get(name)) is not None:
                counted = good & mask_EO.to(good.device)
                self._counts[name] = _sum(self._counts.get(name), counted.double())
            # a new tensor each time, so that a state dict handed out earlier stays as it was
            self._sums[name] = _sum(self._sums.get(name), score.where(counted, 0.0))
        self._seen, self._kept, self._last = self._seen + 1, self._kept + good, good

    def scores(self, state: ArchState) -> dict[str, Tensor] | None:
        """The mean so far, whatever ``state``; None if this epoch has no minibatch in it."""
        if not self.observed:
            return None
        epochs = [*self._past, self._epoch()]
        found = {}
        for name in self._sums:
            total_EO = torch.stack([epoch.sums[name] for epoch in epochs]).sum(dim=0)
            count_EO = torch.stack([epoch.minibatches(name) for epoch in epochs]).sum(dim=0)
            found[name] = total_EO / count_EO.clamp_min(1)  # one that never took part has no sum
        return found

    def state_dict(self) -> dict[str, Any]:
        """The sums by cell type, the counters, and sums and counters of earlier epochs."""
        return {
            'sums': _on_cpu(self._sums),
            'observed': self.observed,
            'skipped': self.skipped,
            'past': [_epoch_state(epoch) for epoch in self._past],
            'counts': _on_cpu(self._counts),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue exactly where the saved criterion stood.

        Raises:
            InvalidValueError: If ``state_dict`` is not that of a mean over minibatches.
        """
        expected = set(self.state_dict())
        if set(state_dict) | ADDED != expected:
            raise InvalidValueError(
                f'the state of {type(self).__name__} needs the keys {sorted(expected)}, got '
                f'{sorted(state_dict)}: it was saved by another criterion'
            )
        self._sums, self._counts = _plain_sums(state_dict), _plain_sums(state_dict, 'counts')
        self._kept, self._last = int(state_dict['observed']), True
        self._seen = self._kept + int(state_dict['skipped'])
        past = state_dict.get('past', ())
        self._past = [
            Epoch(_plain_sums(one), int(one['observed']), _plain_sums(one, 'counts'))
            for one in past
        ]


def _epoch_state(epoch: Epoch) -> dict[str, Any]:
    return {'sums': dict(epoch.sums), 'observed': epoch.observed, 'counts': dict(epoch.counts)}


def _plain_sums(state_dict: Mapping[str, Any], key: str = 'sums') -> Table:
    return {name: _plain(total) for name, total in state_dict.get(key, {}).items()}


def _plain(scores: Tensor) -> Tensor:
    scores = scores.detach()
    return (scores.cpu() if scores.is_mps else scores).double()  # which has no float64


def _sum(total: Tensor | None, more: Tensor) -> Tensor:
    """The total, which a checkpoint has on the CPU, on the device of ``more``."""
    return more + (0 if total is None else total.to(more.device))


def _on_cpu(table: Table) -> Table:
    return {name: total.cpu() for name, total in table.items()}

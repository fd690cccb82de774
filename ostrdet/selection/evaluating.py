"""Criteria that evaluate the supernet instead of watching its gradients."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import nearest
from ostrdet.selection.base import Criterion
from ostrdet.structures import ArchState
from ostrdet.structures.probe import Probe

WHEN = ('end', 'epoch')
DEFAULT_BATCHES = 8


class EvaluatingCriterion(Criterion):
    """Judges every candidate by forward passes on minibatches of the architecture half.

    Args:
        batches: How many minibatches, the same for every candidate; None for 8, or all if there are
            fewer.
        when: 'end' to evaluate after the last epoch alone, also where a stop rule ends the search;
            'epoch' after every one.

    Attributes:
        facts: What else the last evaluation found, as plain values for the provenance of a genotype.

    Raises:
        InvalidValueError: If there is less than one minibatch, or ``when`` is unknown.
    """

    #: What it costs in forward passes of B minibatches, with E edges and O candidates each.
    cost: ClassVar[str] = ''
    #: Whether ``tools/select.py`` asks it when no criterion is named.
    by_default: ClassVar[bool] = False
    #: Whether its scores are made of the evaluations of several epochs.
    accumulates: ClassVar[bool] = False

    def __init__(self, batches: int | None = None, when: str = 'end') -> None:
        if batches is not None:
            self._check_count('batches', batches, 1)
        self._check_choice('when', when, WHEN)
        self.batches, self.when = batches, when
        self.facts: dict[str, Any] = {}
        self._scores: dict[str, Tensor] | None = None

    def _check_choice(self, key: str, value: Any, known: Sequence[str]) -> None:
        if value not in known:
            raise InvalidValueError(
                f'{type(self).__name__}: {key}={value!r}. {nearest(str(value), known)}'
            )

    def _check_range(self, key: str, value: Any, least: float, most: float) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            raise InvalidValueError(
                f'{type(self).__name__}: {key}={value!r}, expected a number from {least} to {most}'
            )

    def is_due(self, epoch: int, is_last: bool) -> bool:
        """Whether it evaluates at the end of an epoch, counted from 1."""
        return is_last or self.when == 'epoch'

    def num_batches(self, available: int) -> int:
        """How many of the minibatches it uses."""
        return min(DEFAULT_BATCHES, available) if self.batches is None else self.batches

    def begin(self, weights: Mapping[str, Tensor]) -> None:
        """Take what it needs of the supernet before its first step; by default nothing.

        Args:
            weights: Parameters of the supernet by name; not to be changed.
        """
        return

    @abstractmethod
    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """The scores by cell type, higher is kept; shape (E, O) each.

        Args:
            probe: Gives the losses.
            state: Alpha and its weights without a draw; all zero where an edge lacks a candidate.
        """

    def reset(self) -> None:
        """Forget the last evaluation."""
        self._scores, self.facts = None, {}

    def evaluate(self, probe: Probe, state: ArchState) -> None:
        """Judge now; :meth:`scores` then returns the result."""
        found = self.judge(probe, state)
        self._scores = {name: s.detach().to('cpu', torch.float64) for name, s in found.items()}

    def scores(self, state: ArchState) -> dict[str, Tensor] | None:
        """Those of the last evaluation; None while there was none."""
        return self._scores

    def state_dict(self) -> dict[str, Any]:
        """Scores and facts of the last evaluation."""
        return {'scores': self._scores, 'facts': dict(self.facts)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        self._scores, self.facts = state_dict['scores'], dict(state_dict.get('facts', {}))

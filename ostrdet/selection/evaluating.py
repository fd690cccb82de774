"""Criteria that evaluate the supernet instead of watching its gradients."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
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
        when: 'end' to evaluate after the last epoch alone, 'epoch' after every one. A search that ends
            early is evaluated by ``tools/select.py``.

    Raises:
        InvalidValueError: If there is less than one minibatch, or ``when`` is unknown.
    """

    #: What it costs in forward passes of B minibatches, with E edges and O candidates each.
    cost: ClassVar[str] = ''

    def __init__(self, batches: int | None = None, when: str = 'end') -> None:
        is_number = isinstance(batches, int) and not isinstance(batches, bool)
        if batches is not None and not (is_number and batches >= 1):
            raise InvalidValueError(
                f'{type(self).__name__}: batches={batches!r}, expected a number of minibatches from 1'
            )
        if when not in WHEN:
            raise InvalidValueError(f"{type(self).__name__}: when='{when}', expected {WHEN}")
        self.batches, self.when = batches, when
        self._scores: dict[str, Tensor] | None = None

    def num_batches(self, available: int) -> int:
        """How many of the minibatches it uses."""
        return min(DEFAULT_BATCHES, available) if self.batches is None else self.batches

    @abstractmethod
    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """The scores by cell type, higher is kept; shape (E, O) each.

        Args:
            probe: Gives the losses.
            state: Alpha and its weights without a draw; all zero where an edge lacks a candidate.
        """

    def reset(self) -> None:
        """Forget the scores of the last evaluation."""
        self._scores = None

    def evaluate(self, probe: Probe, state: ArchState) -> None:
        """Judge now; :meth:`scores` then returns the result."""
        found = self.judge(probe, state)
        self._scores = {name: s.detach().to('cpu', torch.float64) for name, s in found.items()}

    def scores(self, state: ArchState) -> dict[str, Tensor] | None:
        """Those of the last evaluation; None while there was none."""
        return self._scores

    def state_dict(self) -> dict[str, Any]:
        """The scores of the last evaluation."""
        return {'scores': self._scores}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        self._scores = state_dict['scores']

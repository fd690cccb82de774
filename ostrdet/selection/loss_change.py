"""The true change of the loss that the other criteria estimate."""

import torch
from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.structures import ArchState
from ostrdet.structures.decisions import decided
from ostrdet.structures.probe import Probe


@CRITERIA.register_module()
class LossChange(EvaluatingCriterion):
    """Minus the change of the loss when an edge uses an operation alone; the lowest loss wins.

    One edge changes at a time, in all cells of its type; all other edges keep their mixture. The mean
    is over minibatches. What operation strength estimates to first order, evaluated.
    """

    meaning = (
        'minus the measured change of the validation loss if an edge uses this operation alone, so '
        'the highest is the lowest loss'
    )
    cost = 'B (1 + E O), summed over the cell types'
    by_default = True

    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """By evaluating every candidate of every edge; 0 where an edge lacks it."""
        before = probe.losses(state.op_weights).mean()
        return {name: self._changes(probe, state, name, before).neg() for name in state.op_weights}

    def _changes(self, probe: Probe, state: ArchState, name: str, before: Tensor) -> Tensor:
        weights_EO = state.op_weights[name]
        changes_EO = torch.zeros(weights_EO.shape, dtype=torch.float64)
        # not where the weight is positive: that of a candidate may underflow
        present_EO = torch.tensor(probe.space.presence(name))
        left_EO = decided(present_EO, state.decisions[name]) if state.decisions else present_EO
        for edge, op in left_EO.nonzero().tolist():
            alone_EO = weights_EO.clone()
            alone_EO[edge] = 0
            alone_EO[edge, op] = 1
            losses = probe.losses({**state.op_weights, name: alone_EO})
            changes_EO[edge, op] = losses.mean() - before
        return changes_EO

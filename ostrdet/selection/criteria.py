"""The criteria of the paper: operation strength, and the four that it is compared with."""

import torch
from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.base import Criterion, MinibatchMean
from ostrdet.selection.functional import (
    alpha_saliency,
    operation_strength,
    operation_strength_star,
    pruning_saliency,
    within_mixtures,
)
from ostrdet.structures import ArchState, ArchStep


@CRITERIA.register_module()
class OperationStrength(MinibatchMean):
    """Mean over minibatches of abs(p (dL/dp - <p, dL/dp>)); see :func:`operation_strength`.

    Two candidates alone on an edge tie by identity; floating point rounds them apart by up to one
    part in a million in means of float32 gradients.
    """

    meaning = (
        'how much the validation loss would change if an edge used this operation alone, to first '
        'order, times the weight that the search gives it'
    )
    tie_rtol = 1e-5
    compares_all = True
    ties_on_pairs = True

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        return within_mixtures(
            operation_strength,
            step.state.op_weights[cell_type],
            step.op_weight_grads[cell_type],
            step.mixtures,
        )


@CRITERIA.register_module()
class OperationStrengthStar(MinibatchMean):
    """Mean over minibatches of abs(dL/dp - <p, dL/dp>); see :func:`operation_strength_star`.

    Of two candidates alone on an edge, the one of smaller weight always scores higher.
    """

    meaning = (
        'how much the validation loss would change if an edge used this operation alone, to first '
        'order, whatever weight it has'
    )
    compares_all = True
    ties_on_pairs = True

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O); p is that of the minibatch."""
        return within_mixtures(
            operation_strength_star,
            step.state.op_weights[cell_type],
            step.op_weight_grads[cell_type],
            step.mixtures,
        )


@CRITERIA.register_module()
class PruningSaliency(MinibatchMean):
    """Mean over minibatches of abs(p dL/dp); see :func:`pruning_saliency`."""

    meaning = (
        'how much the validation loss would change if this operation were removed, to first order'
    )
    compares_all = True

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        return pruning_saliency(step.state.op_weights[cell_type], step.op_weight_grads[cell_type])


@CRITERIA.register_module()
class AlphaSaliency(MinibatchMean):
    """Mean over minibatches of abs(alpha dL/dalpha); see :func:`alpha_saliency`."""

    meaning = 'the architecture parameter times its gradient, without sign'

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        return alpha_saliency(step.state.alphas[cell_type], step.alpha_grads[cell_type])


@CRITERIA.register_module()
class Magnitude(Criterion):
    """The operation weights p of the moment; it observes nothing and has no state.

    With edge normalisation edges are ranked by p times their weight, as in PC-DARTS.
    """

    meaning = 'the weight that the search gives the operation, which is how DARTS chooses'
    uses_edge_weights = True
    is_probability = True

    def scores(self, state: ArchState) -> dict[str, Tensor]:
        """A copy of the operation weights, float64 on the CPU; shape (E, O) each."""
        return {
            name: weights.detach().to('cpu', torch.float64, copy=True)
            for name, weights in state.op_weights.items()
        }

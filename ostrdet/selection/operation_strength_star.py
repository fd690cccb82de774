"""OStr*, operation strength without the magnitude."""

from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.base import MinibatchMean
from ostrdet.selection.functional import operation_strength_star
from ostrdet.structures import ArchStep


@CRITERIA.register_module()
class OperationStrengthStar(MinibatchMean):
    """Mean over minibatches of abs(dL/dalpha) / p; see :func:`operation_strength_star`."""

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O); p is that of the minibatch."""
        return operation_strength_star(
            step.alpha_grads[cell_type], step.state.op_weights[cell_type]
        )

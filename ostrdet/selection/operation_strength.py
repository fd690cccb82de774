"""OStr, the criterion of the paper."""

from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.base import MinibatchMean
from ostrdet.selection.functional import operation_strength
from ostrdet.structures import ArchStep


@CRITERIA.register_module()
class OperationStrength(MinibatchMean):
    """Mean over minibatches of abs(dL/dalpha); see :func:`operation_strength`.

    Two candidates alone on an edge tie by identity; floating point rounds them apart by up to one
    part in a million in means of float32 gradients.
    """

    tie_rtol = 1e-5

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        return operation_strength(step.alpha_grads[cell_type])

"""The naive estimate that the paper compares with: the effect of removing a candidate."""

from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.base import MinibatchMean
from ostrdet.selection.functional import pruning_saliency
from ostrdet.structures import ArchStep


@CRITERIA.register_module()
class PruningSaliency(MinibatchMean):
    """Mean over minibatches of abs(p dL/dp); see :func:`pruning_saliency`."""

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        return pruning_saliency(step.state.op_weights[cell_type], step.op_weight_grads[cell_type])

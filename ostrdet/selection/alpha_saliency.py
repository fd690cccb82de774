"""The saliency of alpha, as in FreeDARTS."""

from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.base import MinibatchMean
from ostrdet.selection.functional import alpha_saliency
from ostrdet.structures import ArchStep


@CRITERIA.register_module()
class AlphaSaliency(MinibatchMean):
    """Mean over minibatches of abs(alpha dL/dalpha); see :func:`alpha_saliency`."""

    def minibatch_scores(self, step: ArchStep, cell_type: str) -> Tensor:
        """Shape (E, O)."""
        return alpha_saliency(step.state.alphas[cell_type], step.alpha_grads[cell_type])

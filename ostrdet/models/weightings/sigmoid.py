"""Weights of candidates that do not compete (FairDARTS)."""

from torch import Tensor

from ostrdet.models.weightings.base import Weighting
from ostrdet.registry import WEIGHTINGS


@WEIGHTINGS.register_module()
class SigmoidWeighting(Weighting):
    """p = sigmoid(alpha): every candidate has a weight of its own in [0, 1] (FairDARTS, Eq. 1).

    The reference starts at alpha = 0 (``model.init_std=0``).
    """

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """Shape (E, O); rows have any sum."""
        return alphas_EO.sigmoid()

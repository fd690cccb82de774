"""The weighting of DARTS."""

from torch import Tensor

from ostrdet.models.weightings.base import Weighting
from ostrdet.registry import WEIGHTINGS


@WEIGHTINGS.register_module()
class SoftmaxWeighting(Weighting):
    """p = softmax(alpha) over the candidates of an edge (DARTS, Eq. 2)."""

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """Shape (E, O); every row sums to one."""
        return alphas_EO.softmax(dim=-1)

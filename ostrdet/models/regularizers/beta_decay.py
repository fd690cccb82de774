"""The regulariser of beta-DARTS."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ostrdet.models.regularizers.base import Regularizer
from ostrdet.registry import REGULARIZERS


@REGULARIZERS.register_module()
class BetaDecay(Regularizer):
    """Mean over the edges of logsumexp(alpha), summed over the cell types (beta-DARTS, Eq. 9).

    Its gradient is softmax(alpha) / E, so every alpha falls in proportion to its own weight. The
    reference raises the coefficient linearly, from 0 towards 50 in 100 epochs. It has one cell type;
    the sum over several is our choice.
    """

    def forward(self, alphas: Mapping[str, Tensor]) -> Tensor:
        """A scalar."""
        terms = [alpha_EO.logsumexp(dim=-1).mean() for alpha_EO in alphas.values()]
        return torch.stack(terms).sum()

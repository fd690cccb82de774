"""The regulariser of DrNAS."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ostrdet.models.regularizers.base import Regularizer
from ostrdet.models.weightings import DirichletWeighting, Weighting
from ostrdet.models.weightings.dirichlet import concentration
from ostrdet.registry import REGULARIZERS


@REGULARIZERS.register_module()
class DirichletKL(Regularizer):
    """KL(Dirichlet(c) || Dirichlet(1)) of every edge, summed over edges and cell types (DrNAS, Eq. 4).

    c = elu(alpha) + 1 of the candidates that the edge has. The reference has the weight 1e-3, and then
    no weight decay of alpha.
    """

    def check_weighting(self, weighting: Weighting) -> None:
        """Refuse weights that no Dirichlet distribution draws."""
        self._check_is(weighting, DirichletWeighting)

    def forward(self, alphas: Mapping[str, Tensor]) -> Tensor:
        """A scalar."""
        return torch.stack([_divergence(alpha_EO).sum() for alpha_EO in alphas.values()]).sum()


def _divergence(alphas_EO: Tensor) -> Tensor:
    """By edge, shape (E,): lgamma(C) - sum lgamma(c) - lgamma(K) + sum (c - 1)(digamma(c) - digamma(C))."""
    is_present_EO = alphas_EO > -torch.inf
    # c = 1 leaves a candidate out of both sums
    c_EO = concentration(alphas_EO).where(is_present_EO, 1.0)
    total_E1 = c_EO.where(is_present_EO, 0.0).sum(dim=-1, keepdim=True)
    count_E = is_present_EO.sum(dim=-1).to(alphas_EO.dtype)
    slopes_EO = c_EO.digamma() - total_E1.digamma()
    terms_EO = (c_EO - 1) * slopes_EO - c_EO.lgamma()
    return total_E1.squeeze(-1).lgamma() - count_E.lgamma() + terms_EO.sum(dim=-1)

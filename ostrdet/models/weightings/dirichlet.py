"""Weights drawn from a Dirichlet distribution (DrNAS)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from torch.autograd import Function

from ostrdet.models.weightings.base import MixWeights, Weighting
from ostrdet.registry import WEIGHTINGS


@WEIGHTINGS.register_module()
class DirichletWeighting(Weighting):
    """p ~ Dirichlet(elu(alpha) + 1), with the gradient along the path (DrNAS, Eqs. 5 to 7).

    Without a draw the mean of the distribution. The reference ranks edges by softmax(alpha) instead;
    the best operation of an edge is the same.
    """

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """The mean c / sum(c), shape (E, O)."""
        c_EO = concentration(alphas_EO)
        return c_EO / c_EO.sum(dim=-1, keepdim=True)

    def draw(self, alphas_EO: Tensor, generator: Generator) -> MixWeights:
        """One draw per edge; of the candidates that it has."""
        seed = int(torch.randint(2**62, (), generator=generator))
        own = torch.Generator(alphas_EO.device).manual_seed(seed)
        is_absent_EO = alphas_EO == -torch.inf
        c_EO = concentration(alphas_EO).masked_fill(is_absent_EO, 1.0)
        p_EO = _Dirichlet.apply(c_EO, own).masked_fill(is_absent_EO, 0.0)
        # Divided by their sum, the weights of the candidates present have the Dirichlet of those alone
        return MixWeights(p_EO / p_EO.sum(dim=-1, keepdim=True))


def concentration(alphas_EO: Tensor) -> Tensor:
    """elu(alpha) + 1, positive; about 1 at alpha = 0, where all mixtures are equally likely."""
    return F.elu(alphas_EO) + 1


class _Dirichlet(Function):
    """A draw by a generator of its own; ``torch.distributions`` draws by the global one alone.

    For a fixed draw x, dx_j / dc_i = D_i (delta_ij - x_j); torch computes D.
    """

    @staticmethod
    def forward(ctx: Any, c_EO: Tensor, generator: Generator) -> Tensor:
        """A draw, shape (E, O)."""
        x_EO = torch._sample_dirichlet(c_EO, generator)
        ctx.save_for_backward(x_EO, c_EO)
        return x_EO

    @staticmethod
    def backward(ctx: Any, grad_EO: Tensor) -> tuple[Tensor, None]:
        """D (g - <x, g>)."""
        x_EO, c_EO = ctx.saved_tensors
        total_EO = c_EO.sum(dim=-1, keepdim=True).expand_as(c_EO)
        inner_E1 = (x_EO * grad_EO).sum(dim=-1, keepdim=True)
        return torch._dirichlet_grad(x_EO, c_EO, total_EO) * (grad_EO - inner_E1), None

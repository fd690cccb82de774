"""Weights drawn by the Gumbel-softmax: soft as in SNAS, or hard as in GDAS."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.weightings.base import MixWeights, Weighting
from ostrdet.registry import WEIGHTINGS

#: Half of the least positive number that float64 draws have: keeps the logarithm of 0 out.
HALF_STEP = 2.0**-54


@WEIGHTINGS.register_module()
class GumbelWeighting(Weighting):
    """p = softmax((alpha + G) / tau) with Gumbel noise G (SNAS, Eq. 5); without a draw softmax(alpha).

    Args:
        tau: Temperature, positive: a number, or a schedule such as
            ``dict(type='LinearToLast', start=10, end=0.1)``.
        hard: Whether the candidate of the largest p has the weight 1, the others are not computed, and
            the gradient is that of p (GDAS, Eqs. 4 and 5). On a GPU the host waits for every draw,
            since it has to know which candidates to run.
        edge_norm: As in :class:`Weighting`.
        public_code_gradient: For comparisons, with ``hard``: the gradient of the published code of GDAS,
            which adds the weights of the candidates that are not computed to every element of the
            feature. Their value is 0; the gradient of each is the sum of dL/df.

    Raises:
        InvalidTypeError: If tau is neither.
        InvalidValueError: If it is below 1e-3, or the published gradient is asked for without ``hard``.
    """

    tau: float

    def __init__(
        self,
        tau: Any = 1.0,
        hard: bool = False,
        edge_norm: bool = False,
        public_code_gradient: bool = False,
    ) -> None:
        super().__init__(edge_norm)
        if public_code_gradient and not hard:
            raise InvalidValueError(
                'model.weighting.public_code_gradient=True: soft weights compute all candidates; set '
                'hard=True, or leave it out'
            )
        self.is_hard, self.public_code_gradient = hard, public_code_gradient
        self.follow('tau', tau, 'model.weighting.tau', least=1e-3)

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """softmax(alpha), shape (E, O): the probability of every candidate to be the largest."""
        return alphas_EO.softmax(dim=-1)

    def draw(self, alphas_EO: Tensor, generator: Generator) -> MixWeights:
        """One draw for every edge and candidate."""
        noise_EO = gumbel(alphas_EO, generator)
        soft_EO = ((alphas_EO + noise_EO) / self.tau).softmax(dim=-1)
        if not self.is_hard:
            return MixWeights(soft_EO)
        mix = straight_through(soft_EO)
        return mix._replace(added=mix.op_weights == 0) if self.public_code_gradient else mix


def gumbel(like: Tensor, generator: Generator) -> Tensor:
    """Standard Gumbel noise of the shape, type and device of ``like``; always finite."""
    uniform = torch.rand(like.shape, generator=generator, dtype=torch.float64)
    noise = -(-uniform.clamp_min(HALF_STEP).log()).log()
    return noise.to(like.device, like.dtype, non_blocking=True)


def straight_through(soft_EO: Tensor) -> MixWeights:
    """The largest of every row as 1, the others as 0, with the gradient of ``soft_EO``."""
    hard_EO = F.one_hot(soft_EO.argmax(dim=-1), soft_EO.shape[-1])
    active_EO = hard_EO.bool().cpu()
    return MixWeights(hard_EO + (soft_EO - soft_EO.detach()), active=active_EO)

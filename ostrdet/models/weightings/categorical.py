"""One operation per edge, drawn by its weight, with a score-function gradient (DSNAS)."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ostrdet.models.weightings.base import MixWeights, Weighting
from ostrdet.registry import WEIGHTINGS


@WEIGHTINGS.register_module()
class CategoricalWeighting(Weighting):
    """k ~ softmax(alpha) runs alone with the weight 1; its reward moves alpha (DSNAS, Eq. 13).

    With r = dL/dp_k the gradient of alpha is r (onehot(k) - softmax(alpha)): its mean over k is the
    gradient of DARTS where r does not depend on the draw. On a GPU the host waits for every draw, since
    it has to know which candidates to run.
    """

    is_hard = True

    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """softmax(alpha), shape (E, O)."""
        return alphas_EO.softmax(dim=-1)

    def draw(self, alphas_EO: Tensor, generator: Generator) -> MixWeights:
        """One candidate per edge."""
        probabilities_EO = alphas_EO.detach().softmax(dim=-1).double().cpu()
        index_E = torch.multinomial(probabilities_EO, 1, generator=generator).squeeze(-1)
        active_EO = F.one_hot(index_E, alphas_EO.shape[-1]).bool()
        hard_EO = active_EO.to(alphas_EO.device, alphas_EO.dtype)
        logs_EO = alphas_EO.log_softmax(dim=-1).where(hard_EO.bool(), 0.0)
        return MixWeights(hard_EO + (logs_EO - logs_EO.detach()), active=active_EO)

"""How differently a network responds to the images of a batch."""

import math

import torch
from torch import Tensor, nn

from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.registry import PROXIES

EPSILON = 1e-5


@PROXIES.register_module(name='jacob_cov')
class JacobCov(Proxy):
    r"""The correlation of Jacobians (Mellor et al., 2020, first version).

    With v the eigenvalues of the correlation matrix of the gradients of the summed logits by image:
    :math:`-\sum_i \log(v_i + \epsilon) + 1/(v_i + \epsilon)`, :math:`\epsilon` = 1e-5. The matrix is
    symmetric, so that its eigenvalues are real.
    """

    meaning = 'how little the responses to the images are correlated'

    def score(self, network: nn.Module, batch: Batch) -> float:
        """At most -N, where no two responses are correlated."""
        images = batch.images.clone().requires_grad_(True)
        (grad,) = torch.autograd.grad(
            network(images).sum(), images, allow_unused=True, materialize_grads=True
        )
        return correlation_score(grad.flatten(1).double())


def correlation_score(jacobian_ND: Tensor) -> float:
    """The score of the Jacobian of every image, shape (N, D); float64.

    Minus infinity where an image has no response, or the same everywhere: it has no correlation.
    """
    if not jacobian_ND.var(dim=1).all():
        return -math.inf
    size = len(jacobian_ND)
    values_N = torch.linalg.eigvalsh(torch.corrcoef(jacobian_ND).view(size, size)) + EPSILON
    return -float((values_N.log() + values_N.reciprocal()).sum())

"""The size of the gradient at initialisation."""

import torch
from torch import Tensor, nn

from ostrdet.evaluation.proxies.base import Batch, Proxy, loss_gradients
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='grad_norm')
class GradNorm(Proxy):
    r""":math:`\sum_l \|\partial L/\partial W_l\|_2` (Abdelfattah et al., ICLR 2021).

    The sum is over convolutions and linear layers, L the mean cross-entropy of the batch.
    """

    meaning = 'the norms of the gradients of all weights'
    needs_labels = True

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """Non-negative."""
        return torch.stack([grad.norm() for grad in loss_gradients(network, batch).grads]).sum()

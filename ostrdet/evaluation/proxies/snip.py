"""The sensitivity of the loss to the loss of a connection."""

import torch
from torch import Tensor, nn

from ostrdet.evaluation.proxies.base import Batch, Proxy, loss_gradients
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='snip')
class SNIP(Proxy):
    r""":math:`\sum_w |w\,\partial L/\partial w|` (Lee et al., ICLR 2019; as a score Abdelfattah et al.).

    The sum is over the weights of convolutions and linear layers.
    """

    meaning = 'how much the loss depends on the presence of all weights'
    needs_labels = True

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """Non-negative."""
        pairs = zip(*loss_gradients(network, batch), strict=True)
        return torch.stack([(weight * grad).abs().sum() for weight, grad in pairs]).sum()

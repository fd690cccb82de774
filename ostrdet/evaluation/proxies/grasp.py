"""The effect of weights on the flow of the gradient."""

import torch
from torch import Tensor, nn

from ostrdet.evaluation.proxies.base import Batch, Proxy, loss_gradients
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='grasp')
class GraSP(Proxy):
    r""":math:`-\sum W \odot (H g)` (Wang et al., ICLR 2020; as a score Abdelfattah et al., ICLR 2021).

    g = dL/dW of the convolutions and linear layers, taken as a constant; H is the Hessian of L.
    """

    meaning = 'how much the weights help the gradient to flow'
    needs_labels = True

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """Of either sign."""
        weights, grads = loss_gradients(network, batch, create_graph=True)
        product = torch.stack([(g * g.detach()).sum() for g in grads]).sum()
        curved = torch.autograd.grad(product, weights, allow_unused=True, materialize_grads=True)
        pairs = zip(weights, curved, strict=True)
        return -torch.stack([(weight * hg).sum() for weight, hg in pairs]).sum()

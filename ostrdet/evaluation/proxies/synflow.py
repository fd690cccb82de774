"""The flow through the weights, without data."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ostrdet.evaluation.proxies.base import Batch, Proxy, weighted_layers
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='synflow')
class SynFlow(Proxy):
    r"""The logarithm of :math:`\sum_w |w|\,\partial R/\partial |w|` (Tanaka et al., NeurIPS 2020).

    R is the sum of the logits of an image of ones under the absolute values of all parameters, with
    norms left out: the sum over all paths. It reaches 1e60, hence double precision and the logarithm.
    The sum is over the weights of convolutions and linear layers; the batch gives its image size.
    """

    meaning = 'the logarithm of the flow through all paths'

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """A logarithm; minus infinity without any path."""
        network = network.double()
        for norm in [m for m in network.modules() if isinstance(m, _BatchNorm)]:
            vars(norm)['forward'] = _unchanged
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.abs_()
        weights: list[Tensor] = [layer.weight for layer in weighted_layers(network)]
        ones = torch.ones_like(batch.images[:1], dtype=torch.float64)
        grads = torch.autograd.grad(
            network(ones).sum(), weights, allow_unused=True, materialize_grads=True
        )
        pairs = zip(weights, grads, strict=True)
        return torch.stack([(weight * grad).sum() for weight, grad in pairs]).sum().log()


def _unchanged(x: Tensor) -> Tensor:
    return x

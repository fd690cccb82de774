"""The effect of the channels on the loss."""

import torch
from torch import Tensor, nn

from ostrdet.evaluation.proxies.base import Batch, Proxy, mean_loss, weighted_layers
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='fisher')
class Fisher(Proxy):
    r"""The Fisher information of channels (Turner et al., ICLR 2020).

    With a the output of a convolution or linear layer, the value of a channel is :math:`\frac{1}{2N}
    \sum_n (\sum_{hw} a_{nhw}\,\partial L/\partial a_{nhw})^2`, the score the sum over all channels.

    Args:
        per_weight: Whether a channel counts once for every weight of its filter, so that a layer
            counts :math:`C_{in} k^2` times. The released code does, and so do published correlations.
    """

    meaning = 'the effect on the loss of taking channels out'
    needs_labels = True

    def __init__(self, per_weight: bool = True) -> None:
        self.per_weight = per_weight

    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """Non-negative."""
        outputs: list[tuple[int, Tensor]] = []
        for layer in weighted_layers(network):
            layer.register_forward_hook(
                lambda layer, _, y: outputs.append((layer.weight[0].numel(), y))
            )
        loss = mean_loss(network, batch)
        features = [y for _, y in outputs]
        grads = torch.autograd.grad(loss, features, allow_unused=True, materialize_grads=True)
        pairs = zip(outputs, grads, strict=True)
        values = [
            channel_values(y, grad).sum() * (fan_in if self.per_weight else 1)
            for (fan_in, y), grad in pairs
        ]
        return torch.stack(values).sum()


def channel_values(features: Tensor, grad: Tensor) -> Tensor:
    """The value of every channel.

    Args:
        features: Output of a layer, shape (N, C) or (N, C, H, W).
        grad: dL/da, the same shape.

    Returns:
        Shape (C,).
    """
    saliency_NC = (features * grad).flatten(2).sum(dim=2) if features.dim() > 2 else features * grad
    return saliency_NC.square().mean(dim=0) / 2

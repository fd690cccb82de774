"""The expressivity of a network under Gaussian weights."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.registry import PROXIES

#: Size of the disturbance of the input.
EPSILON = 1e-2


@PROXIES.register_module(name='zen')
class Zen(Proxy):
    r"""The Zen score (Lin et al., ICCV 2021), the mean of ``repeats`` draws.

    Weights and inputs are standard normal. With f the features before the global pooling:
    :math:`\log \frac1N \sum_n \|f(x_n) - f(x_n + \epsilon x'_n)\|_1 + \sum_{BN} \log \sqrt{\bar\sigma^2}`,
    :math:`\epsilon` = 0.01, where :math:`\bar\sigma^2` is the mean over channels of the variance that a norm
    divides by. The batch gives number and size of the inputs alone.

    The released code reads the running variance, which has seen but a part of the batch: ours is that
    of the batch, as the paper means. A norm whose input is constant scales nothing and does not count.

    Args:
        repeats: Draws of weights and inputs; 32 in the released code.
        batch_size: Inputs; 16 in the released code.
    """

    meaning = 'how far a disturbance of the input reaches under random weights'

    def __init__(self, repeats: int = 4, batch_size: int = 16) -> None:
        self.repeats, self.batch_size = repeats, batch_size

    @torch.no_grad()
    def score(self, network: nn.Module, batch: Batch) -> Tensor:
        """A logarithm; minus infinity where no disturbance reaches the features."""
        variances: list[Tensor] = []
        backbone = getattr(network, 'backbone', network)
        for norm in [m for m in network.modules() if isinstance(m, _BatchNorm)]:
            norm.register_forward_pre_hook(lambda _, x: variances.append(_variance(x[0])))
        found = []
        for _ in range(self.repeats):
            _draw_weights(network)
            inputs = torch.randn_like(batch.images)
            variances.clear()
            features, of_inputs = _last(backbone(inputs)), list(variances)
            disturbed = _last(backbone(inputs + EPSILON * torch.randn_like(inputs)))
            found.append(zen_score(features - disturbed, of_inputs))
        return torch.stack(found).mean()


def zen_score(difference: Tensor, variances: Iterable[Tensor]) -> Tensor:
    """The score of one draw.

    Args:
        difference: Of the features under the disturbance, shape (N, C, H, W).
        variances: By norm, the variance of each channel, shape (C_i,).
    """
    response = difference.abs().flatten(1).sum(dim=1).mean().double().log()
    scales = [variance.double().mean() for variance in variances]
    logs = [scale.log() / 2 for scale in scales if scale > 0]
    return response + torch.stack(logs).sum() if logs else response


def _variance(x: Tensor) -> Tensor:
    return x.transpose(0, 1).flatten(1).var(dim=1, correction=0)


def _last(features: Tensor | tuple[Tensor, ...]) -> Tensor:
    return features if isinstance(features, Tensor) else features[-1]


def _draw_weights(network: nn.Module) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

"""Statistics of normalisations, taken anew: one path of a supernet has others than the mixture."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def fresh_buffers(network: nn.Module) -> dict[str, Tensor]:
    """Copies of the buffers of ``network`` by name, those of batch normalisations as at the start."""
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    for path, norm in network.named_modules():
        if isinstance(norm, _BatchNorm) and norm.track_running_stats:
            prefix = f'{path}.' if path else ''
            buffers[f'{prefix}running_mean'].zero_()
            buffers[f'{prefix}running_var'].fill_(1)
            buffers[f'{prefix}num_batches_tracked'].zero_()
    return buffers


@contextmanager
def averaging(network: nn.Module) -> Iterator[None]:
    """Let batch normalisations average over all batches instead of forgetting the older ones."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = None
    try:
        with torch.no_grad():
            yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

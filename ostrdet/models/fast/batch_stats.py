"""Batch statistics of a normalisation without affine, apart from the normalisation itself."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def is_plain_norm(module: nn.Module) -> bool:
    """Whether this is BatchNorm without affine that normalises by the statistics of the batch."""
    return type(module) is nn.BatchNorm2d and not module.affine and module.training


@torch.no_grad()
def update_running(
    norms: Sequence[nn.BatchNorm2d], means: Sequence[Tensor], variances: Sequence[Tensor]
) -> None:
    """Move the running statistics as the norms themselves do in training.

    Args:
        norms: Their buffers change in place.
        means: Mean of the batch, shape (C,), for every norm.
        variances: Unbiased variance of the batch, shape (C,), for every norm.
    """
    for norm, mean_C, variance_C in zip(norms, means, variances, strict=True):
        if norm.running_mean is None or norm.running_var is None:
            continue
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked.add_(1)
        momentum = norm.momentum
        if momentum is None:  # torch's convention for the average over all batches
            momentum = 1.0 / float(norm.num_batches_tracked)
        norm.running_mean.lerp_(mean_C, momentum)
        norm.running_var.lerp_(variance_C, momentum)

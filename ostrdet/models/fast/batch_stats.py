"""Batch statistics of a normalisation without affine, apart from the normalisation itself."""

from torch import Tensor, nn


def is_plain_norm(module: nn.Module) -> bool:
    """Whether this is BatchNorm without affine that normalises by the statistics of the batch."""
    return type(module) is nn.BatchNorm2d and not module.affine and module.training


def update_running(norm: nn.BatchNorm2d, mean_C: Tensor, variance_C: Tensor) -> None:
    """Move the running statistics as ``norm`` itself does in training.

    Args:
        norm: Its buffers change in place.
        mean_C: Mean of the batch, shape (C,).
        variance_C: Unbiased variance of the batch, shape (C,).
    """
    if norm.running_mean is None or norm.running_var is None:
        return
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    momentum = norm.momentum
    if momentum is None:  # torch's convention for the average over all batches
        momentum = 1.0 / float(norm.num_batches_tracked)
    norm.running_mean.lerp_(mean_C, momentum)
    norm.running_var.lerp_(variance_C, momentum)

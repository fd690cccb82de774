r"""BatchNorm without affine that keeps its output and not its input.

:math:`y = (x - m)\,s` and :math:`s = (v + \epsilon)^{-1/2}`, with mean and variance over all M pixels, have the
derivatives

.. math::

    \partial L / \partial x = s\,(g - \bar g - y\,\overline{g y}) - h\,s^2 y / M, \quad
    g = \partial L / \partial y, \; h = \partial L / \partial s,

which need y and s alone; the weighted sum keeps y anyway. s is put out with y only so that this
backward, which reads both, can be differentiated again. The variance takes a pass of its own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import Function

from ostrdet.errors import InvalidValueError


class Centred(NamedTuple):
    """A feature as rows of pixels, less their mean.

    Attributes:
        rows: Shape (N * H * W, C).
        mean: The mean of every channel, shape (C,); without gradient, as the next one.
        covariance: Mean product of deviations, shape (C, C).
        shape: That of the feature, (N, C, H, W).
    """

    rows: Tensor
    mean: Tensor
    covariance: Tensor
    shape: torch.Size


def centre(x: Tensor, in_place: bool = False) -> Centred:
    """Split ``x`` (N, C, H, W) into deviations and mean.

    Args:
        x: Shape (N, C, H, W).
        in_place: Whether nobody else, and no backward pass, reads ``x``.

    Raises:
        InvalidValueError: If there is but one pixel, whose variance is undefined.
    """
    check_count(x)
    rows, mean_C = _Centre.apply(x, in_place)
    with torch.no_grad():  # now, while the rows are in the cache
        covariance_CC = (rows.t() @ rows).div_(len(rows))
    return Centred(rows, mean_C, covariance_CC, x.shape)


class _Centre(Function):
    """Rows less their mean.

    The gradient of the rows has to have the mean zero, as everything has which a normalisation by
    the batch follows: what is added to all pixels alike changes nothing there. So the mean need not
    be subtracted from the gradient. To autograd, rows that share memory with ``x`` are no view of
    it: the gradient of a view changed in place takes a detour through zeros of its full size.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, in_place: bool) -> tuple[Tensor, Tensor]:
        """Deviations and mean."""
        ctx.shape = x.shape
        rows = as_rows(x.detach())
        mean_C = rows.mean(dim=0)
        rows = rows.sub_(mean_C) if in_place else rows - mean_C
        ctx.mark_non_differentiable(mean_C)
        return rows, mean_C

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, None]:
        """The gradient as images."""
        return as_images(grad, ctx.shape), None


def check_count(x: Tensor) -> None:
    """Raise a ``ValueError`` if ``x`` (N, C, H, W) has one pixel alone, as torch does."""
    if x.numel() == x.shape[1]:
        raise InvalidValueError(
            'Expected more than 1 value per channel when training, got input size '
            f'{tuple(x.shape)}; give larger batches or images'
        )


def as_rows(x: Tensor) -> Tensor:
    """(N, C, H, W) as (N * H * W, C): a view if the channels are innermost in memory."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def as_images(rows: Tensor, shape: torch.Size) -> Tensor:
    """Rows (N * H * W, C') as (N, C', H, W)."""
    batch, _, height, width = shape
    return rows.view(batch, height, width, -1).permute(0, 3, 1, 2)


def normalize(x: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise ``x`` (N, C, H, W) by the batch.

    Returns:
        The normalised feature, and mean and unbiased variance, shape (C,), without gradient.

    Raises:
        InvalidValueError: If there is but one pixel, whose variance is undefined.
    """
    check_count(x)
    y, _, mean_C, variance_C = _Normalize.apply(x, eps)
    return y, mean_C, variance_C


class _Normalize(Function):
    """See the module's docstring."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """y, s, mean and unbiased variance."""
        ctx.set_materialize_grads(False)
        rows = as_rows(x)
        mean_C = rows.mean(dim=0)
        centred = rows - mean_C
        variance_C = centred.square().mean(dim=0)
        scale_C = (variance_C + eps).rsqrt()
        y = as_images(centred.mul_(scale_C), x.shape)
        variance_C *= len(rows) / (len(rows) - 1)
        ctx.save_for_backward(y, scale_C)
        ctx.mark_non_differentiable(mean_C, variance_C)
        return y, scale_C, mean_C, variance_C

    @staticmethod
    def backward(
        ctx: Any, grad: Tensor | None, scale_grad_C: Tensor | None, *_: None
    ) -> tuple[Tensor | None, None]:
        """The gradient of x; made of operations that can be differentiated again."""
        y, scale_C = ctx.saved_tensors
        result = None if grad is None else _backward(as_rows(grad), as_rows(y), scale_C)
        if scale_grad_C is not None:  # only in a second backward pass
            rows = as_rows(y)
            of_scale = rows * (-scale_grad_C * scale_C.square() / len(rows))
            result = of_scale if result is None else result + of_scale
        return (None if result is None else as_images(result, y.shape)), None


def _backward(g: Tensor, y: Tensor, scale_C: Tensor) -> Tensor:
    shared_C = (g * y).mean(dim=0)
    return (g - g.mean(dim=0)).addcmul_(y, -shared_C).mul_(scale_C)


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

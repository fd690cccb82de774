"""Features less their mean, as rows of pixels."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function


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
        ValueError: If there is but one pixel, whose variance is undefined.
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
        raise ValueError(
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

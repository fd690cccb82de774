"""Features less their mean, as rows of pixels."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function


class Centred(NamedTuple):
    """A feature as rows of pixels, less their mean.

    Attributes:
        rows: Shape (N * H * W, C).
        mean_C: The mean of every channel, shape (C,); it carries no gradient.
        shape: That of the feature, (N, C, H, W).
    """

    rows: Tensor
    mean_C: Tensor
    shape: torch.Size


def centre(x: Tensor) -> Centred:
    """Split ``x`` (N, C, H, W) into deviations and mean.

    The gradient of the rows has to have the mean zero, as that of everything has which a
    normalisation by the batch follows: what is added to all pixels alike changes nothing there.

    Raises:
        ValueError: If there is but one pixel, whose variance is undefined.
    """
    if x.numel() == x.shape[1]:
        raise ValueError(
            'Expected more than 1 value per channel when training, got input size '
            f'{tuple(x.shape)}; give larger batches or images'
        )
    rows, mean_C = _Centre.apply(x)
    return Centred(rows, mean_C, x.shape)


def as_rows(x: Tensor) -> Tensor:
    """(N, C, H, W) as (N * H * W, C): a view if the channels are innermost in memory."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def as_images(rows: Tensor, shape: torch.Size) -> Tensor:
    """Rows (N * H * W, C') as (N, C', H, W)."""
    batch, _, height, width = shape
    return rows.view(batch, height, width, -1).permute(0, 3, 1, 2)


class _Centre(Function):
    """The mean of a gradient whose mean is zero need not be subtracted from it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        """Rows and mean."""
        ctx.shape = x.shape
        ctx.set_materialize_grads(False)
        rows = as_rows(x)
        mean_C = rows.mean(dim=0)
        ctx.mark_non_differentiable(mean_C)
        return rows - mean_C, mean_C

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None, _: None) -> Tensor | None:  # type: ignore[override]
        """The gradient as images."""
        return None if grad is None else as_images(grad, ctx.shape)

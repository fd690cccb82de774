"""Features less their mean, as rows of pixels."""

from typing import NamedTuple

import torch
from torch import Tensor


class Centred(NamedTuple):
    """A feature as rows of pixels, less their mean.

    Attributes:
        rows: Shape (N * H * W, C).
        mean: The mean of every channel, shape (C,); it carries no gradient.
        shape: That of the feature, (N, C, H, W).
    """

    rows: Tensor
    mean: Tensor
    shape: torch.Size


def centre(x: Tensor, in_place: bool = False) -> Centred:
    """Split ``x`` (N, C, H, W) into deviations and mean.

    The gradient of the rows has to have the mean zero, as everything has which a normalisation by
    the batch follows: what is added to all pixels alike changes nothing there. So the mean need not
    be subtracted from the gradient, and autograd does not see the subtraction.

    Args:
        x: Shape (N, C, H, W).
        in_place: Whether nobody else, and no backward pass, reads ``x``.

    Raises:
        ValueError: If there is but one pixel, whose variance is undefined.
    """
    check_count(x)
    rows = as_rows(x) if in_place else as_rows(x).clone()
    with torch.no_grad():
        mean_C = rows.mean(dim=0)
        rows.sub_(mean_C)
    return Centred(rows, mean_C, x.shape)


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

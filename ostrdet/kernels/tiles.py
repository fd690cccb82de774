"""The tiles of images, as images of their own."""

import torch
from torch import Tensor


def split_tiles(images_NCHW: Tensor, grid: int) -> Tensor:
    """The tiles of every image, row by row; the memory stays laid out as it is.

    Args:
        images_NCHW: Their height and width are multiples of ``grid``.
        grid: Tiles along a side, G.

    Returns:
        Shape (N G^2, C, H / G, W / G).

    Examples:
        >>> split_tiles(torch.arange(4.0).view(1, 1, 2, 2), 2).flatten()
        tensor([0., 1., 2., 3.])
    """
    last = images_NCHW.is_contiguous(memory_format=torch.channels_last)
    rows = torch.unflatten(images_NCHW, 3, (grid, -1))
    tiles = torch.unflatten(rows, 2, (grid, -1))
    flat = tiles.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)
    return flat.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)

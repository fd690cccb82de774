"""The phases of an image: its pixels at even and odd rows and columns (space to batch)."""

import torch
from torch import Tensor


def subsample(x: Tensor, stride: tuple[int, ...], offset: int = 0) -> Tensor:
    """The pixels x[..., offset::stride[0], offset::stride[1]] of ``x`` (N, C, H, W).

    The gradient lies in memory as ``x`` does; that of a slice does not where channels are innermost.
    """
    rows, columns = (slice(offset, None, step) for step in stride)
    if x.is_contiguous(memory_format=torch.channels_last):
        return x.permute(0, 2, 3, 1)[:, rows, columns].permute(0, 3, 1, 2)
    return x[..., rows, columns]


def even_phase(x: Tensor) -> Tensor:
    """Every second pixel of every second row: (N, C, H, W) to (N, C, ceil(H/2), ceil(W/2))."""
    return subsample(x, (2, 2)).contiguous(memory_format=torch.channels_last)


def split_phases(x: Tensor) -> Tensor:
    """Stack the four phases as a batch: (N, C, H, W) with even sizes to (4N, C, H/2, W/2)."""
    batch, channels, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(batch, height // 2, 2, width // 2, 2, channels)
    phases = pixels.permute(2, 4, 0, 1, 3, 5)
    return phases.reshape(4 * batch, height // 2, width // 2, channels).permute(0, 3, 1, 2)


def merge_phases(phases: Tensor) -> Tensor:
    """Undo :func:`split_phases`: (4N, C, H/2, W/2) to (N, C, H, W)."""
    batch, channels, height, width = phases.shape
    stacked = phases.permute(0, 2, 3, 1).reshape(2, 2, batch // 4, height, width, channels)
    pixels = stacked.permute(2, 3, 0, 4, 1, 5)
    return pixels.reshape(batch // 4, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)

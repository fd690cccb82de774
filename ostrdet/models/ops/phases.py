"""The phases of an image: its pixels at even and odd rows and columns (space to batch)."""

from torch import Tensor


def even_phase(x: Tensor) -> Tensor:
    """Every second pixel of every second row: (N, C, H, W) to (N, C, ceil(H/2), ceil(W/2))."""
    return x[..., ::2, ::2].permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


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

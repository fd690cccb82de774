"""Putting channels side by side and taking them apart, with gradients as dense as the images.

With the channels innermost in memory, torch hands back slices with gaps from a concatenation, and
images of another layout from a slice. Its backward of BatchNorm then takes ten times as long on a
CPU, and every sum of such gradients is slow.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def concatenate(parts: Sequence[Tensor]) -> Tensor:
    """Put images (N, C_i, H, W) side by side: (N, C_1 + C_2 + ..., H, W)."""
    if _takes_care(parts[0]):
        together: Tensor = _Concatenate.apply(*parts)
        return together
    return torch.cat(list(parts), dim=1)


def split_off(x: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Take ``x`` (N, C, H, W) apart: its first ``width`` channels and the others."""
    if _takes_care(x):
        first, others = _SplitOff.apply(x, width)
        return first, others
    return x[:, :width], x[:, width:]


def _takes_care(x: Tensor) -> bool:
    return x.is_contiguous(memory_format=torch.channels_last) and torch.is_grad_enabled()


class _Concatenate(Function):
    """See :func:`concatenate`."""

    @staticmethod
    def forward(ctx: Any, *parts: Tensor) -> Tensor:
        """Concatenate."""
        ctx.widths = [part.shape[1] for part in parts]
        return torch.cat(parts, dim=1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        """A dense copy of every part; made of operations that can be differentiated again."""
        slices = torch.split(grad, ctx.widths, dim=1)
        return tuple(part.contiguous(memory_format=torch.channels_last) for part in slices)


class _SplitOff(Function):
    """See :func:`split_off`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """Dense copies."""
        first, others = x[:, :width], x[:, width:]
        layout = torch.channels_last
        return first.contiguous(memory_format=layout), others.contiguous(memory_format=layout)

    @staticmethod
    def backward(ctx: Any, first_grad: Tensor, others_grad: Tensor) -> tuple[Tensor, None]:
        """Both gradients side by side."""
        grad = torch.cat([first_grad, others_grad], dim=1)
        return grad.contiguous(memory_format=torch.channels_last), None


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

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

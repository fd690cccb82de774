"""Kernel gradients of wide depthwise convolutions, a few columns of the kernel at a time.

On a CPU, oneDNN has a depthwise path for the gradient of kernels up to three columns wide, and a
general one, about ten times slower, for wider ones. Columns c, c + 1, c + 2 of the kernel read the
image shifted by c, so their gradient is that of a kernel of three columns. Rows are no matter.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

COLUMNS = 3


class Arguments(NamedTuple):
    """Stride and padding of an undilated depthwise convolution, (vertical, horizontal)."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]


def depthwise_conv2d(x: Tensor, kernel: Tensor, arguments: Arguments) -> Tensor:
    """Convolve ``x`` (N, C, H, W) with ``kernel`` (C, 1, K, L); no bias."""
    y: Tensor = _DepthwiseConv2d.apply(x, kernel, arguments)
    return y


class _DepthwiseConv2d(Function):
    """The convolution; both gradients can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, arguments: Arguments) -> Tensor:
        """Convolve."""
        ctx.save_for_backward(x, kernel)
        ctx.arguments = arguments
        stride, padding = arguments
        return F.conv2d(x, kernel, None, stride, padding, groups=len(kernel))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """The gradients of the image and of the kernel, as far as they are needed."""
        x, kernel = ctx.saved_tensors
        image_grad = kernel_grad = None
        if ctx.needs_input_grad[0]:
            image_grad = _backward(grad, x, kernel, ctx.arguments, of_kernel=False)
        if ctx.needs_input_grad[1]:
            kernel_grad = _kernel_grad(grad, x, kernel, ctx.arguments)
        return image_grad, kernel_grad, None


def _kernel_grad(grad: Tensor, x: Tensor, kernel: Tensor, arguments: Arguments) -> Tensor:
    if torch.is_grad_enabled():
        return _backward(grad, x, kernel, arguments, of_kernel=True)
    starts = range(0, kernel.shape[-1], COLUMNS)
    return torch.cat([_columns_grad(grad, x, kernel, arguments, start) for start in starts], dim=-1)


def _columns_grad(
    grad: Tensor, x: Tensor, kernel: Tensor, arguments: Arguments, start: int
) -> Tensor:
    """The gradient of ``COLUMNS`` columns, or of what is left, from ``start`` on."""
    (_, stride), (vertical, horizontal) = arguments
    columns = kernel[..., start : start + COLUMNS]
    first = start - horizontal
    last = first + (grad.shape[-1] - 1) * stride + columns.shape[-1]
    left, right = max(-first, 0), max(last - x.shape[-1], 0)
    # Narrow images lie beside what the last columns see
    seen = F.pad(x, (left, right)).narrow(-1, first + left, last - first)
    return _backward(
        grad, seen, columns, Arguments(arguments.stride, (vertical, 0)), of_kernel=True
    )


def _backward(
    grad: Tensor, x: Tensor, kernel: Tensor, arguments: Arguments, of_kernel: bool
) -> Tensor:
    """One of the two gradients by torch's own backward, which can be differentiated again."""
    stride, padding = arguments
    mask = [not of_kernel, of_kernel, False]
    gradients = torch.ops.aten.convolution_backward(
        grad, x, kernel, None, stride, padding, [1, 1], False, [0, 0], len(kernel), mask
    )
    gradient: Tensor = gradients[int(of_kernel)]
    return gradient

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
    """Convolve ``x`` (N, C, H, W) with ``kernel`` (C, 1, K, L); no bias.

    The kernel's gradient is a node of its own in the graph, added as zeros, so that a backward pass
    that asks for other gradients alone leaves it out.
    """
    y: Tensor = _InputPart.apply(x, kernel, arguments)
    if kernel.requires_grad and torch.is_grad_enabled():
        y.add_(_KernelPart.apply(kernel, (x, arguments), y.shape))
    return y


class _InputPart(Function):
    """The convolution, as far as its gradient with respect to the image goes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, arguments: Arguments) -> Tensor:
        """Convolve."""
        ctx.save_for_backward(x, kernel)
        ctx.arguments = arguments
        stride, padding = arguments
        return F.conv2d(x, kernel, None, stride, padding, groups=len(kernel))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of the image."""
        x, kernel = ctx.saved_tensors
        return _backward(grad, x, kernel, ctx.arguments, of_kernel=False), None, None


class _KernelPart(Function):
    """Zeros, whose gradient with respect to the kernel is that of the convolution.

    The image is no input: as one, it would bring every backward pass through the image here.
    """

    @staticmethod
    def forward(
        ctx: Any, kernel: Tensor, other: tuple[Tensor, Arguments], shape: torch.Size
    ) -> Tensor:
        """Zeros of ``shape``."""
        ctx.save_for_backward(kernel)
        ctx.x, ctx.arguments = other
        return kernel.new_zeros(()).expand(shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of the kernel."""
        (kernel,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _backward(grad, ctx.x, kernel, ctx.arguments, of_kernel=True), None, None
        starts = range(0, kernel.shape[-1], COLUMNS)
        parts = [_columns_grad(grad, ctx.x, kernel, ctx.arguments, start) for start in starts]
        return torch.cat(parts, dim=-1), None, None


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

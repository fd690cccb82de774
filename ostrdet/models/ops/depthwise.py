"""Depthwise convolutions that may take another way to the same sums."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from ostrdet.kernels.channels_last import even_phase, merge_phases, split_phases

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


class DepthwiseConv2d(nn.Conv2d):
    r"""A depthwise convolution without bias, whose backward can avoid the slow paths of CPUs.

    With dilation 2 and an even padding p, output pixel 2a + r (r = 0, 1) reads the input pixels
    2 (a + j - p/2) + r for taps j, which are all of phase r. So the phases, stacked as a batch,
    pass an undilated convolution of padding p/2. At stride 2 only phase 0 is ever read. Kernels of
    more than three columns get their gradient column by column; see ``column_grad``.

    Args:
        channels: Channels C.
        kernel_size: Height and width of the kernel, odd.
        stride: 1 or 2.
        dilation: Distance of the taps; the padding keeps the size.

    Attributes:
        fast: Whether to take the other way, which is taken on a CPU alone; off at first.
    """

    fast = False

    def __init__(self, channels: int, kernel_size: int, stride: int = 1, dilation: int = 1) -> None:
        padding = dilation * (kernel_size - 1) // 2
        super().__init__(
            channels,
            channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups=channels,
            bias=False,
        )

    def splits(self, x: Tensor) -> bool:
        """Whether ``x`` (N, C, H, W) passes as phases."""
        return self._is_fast_on(x) and self.dilation == (2, 2) and self.stride in ((1, 1), (2, 2))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) as ``torch.nn.Conv2d`` does."""
        if self.splits(x):
            return self._by_phases(x)
        if self._is_fast_on(x) and self.dilation == (1, 1):
            return self._undilated(x, Arguments(self.stride, self._padding))
        return super().forward(x)

    def on_phases(self, phases: Tensor) -> Tensor:
        """The undilated convolution of phases, a batch of images."""
        vertical, horizontal = self._padding
        return self._undilated(phases, Arguments((1, 1), (vertical // 2, horizontal // 2)))

    def _by_phases(self, x: Tensor) -> Tensor:
        if self.stride == (2, 2):
            return self.on_phases(even_phase(x))
        odd_rows, odd_columns = x.shape[-2] % 2, x.shape[-1] % 2
        if not (odd_rows or odd_columns):
            return merge_phases(self.on_phases(split_phases(x)))
        # One more row or column of the zeros that surround the image anyway
        y = self._by_phases(F.pad(x, (0, odd_columns, 0, odd_rows)))
        return y[..., : y.shape[-2] - odd_rows, : y.shape[-1] - odd_columns]

    def _undilated(self, x: Tensor, arguments: Arguments) -> Tensor:
        if self.kernel_size[1] > COLUMNS:
            return depthwise_conv2d(x, self.weight, arguments)
        return F.conv2d(x, self.weight, None, *arguments, groups=self.groups)

    @property
    def _padding(self) -> tuple[int, ...]:
        return tuple(map(int, self.padding))

    def _is_fast_on(self, x: Tensor) -> bool:
        return self.fast and x.device.type == 'cpu'


def set_fast_depthwise(module: nn.Module, fast: bool) -> None:
    """Let every :class:`DepthwiseConv2d` inside ``module`` take the fast or the plain way."""
    for layer in module.modules():
        if isinstance(layer, DepthwiseConv2d):
            layer.fast = fast

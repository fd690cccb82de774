"""Dilated convolutions as undilated ones on every second pixel: the same sums in another order."""

import torch.nn.functional as F
from torch import Tensor, nn


class PhaseConv2d(nn.Conv2d):
    r"""A convolution that may split dilation 2 into the phases of the image (space to batch).

    With dilation 2 and an even padding p, output pixel 2a + r (r = 0, 1) reads the input pixels
    2 (a + j - p/2) + r for taps j, which are all of phase r. So the phases, stacked as a batch,
    pass one undilated convolution of padding p/2. At stride 2 only phase 0 is ever read. Parameters
    are those of ``torch.nn.Conv2d``. On a CPU the backward of a dilated depthwise convolution takes
    a slow path, which this avoids; elsewhere, and for other arguments, the plain one is taken.

    Attributes:
        by_phases: Whether to split; off at first.
    """

    by_phases = False

    def splits_on(self, x: Tensor) -> bool:
        """Whether ``x`` (N, C, H, W) is split: if that is wanted, pays and is exact."""
        return (
            self.by_phases
            and x.device.type == 'cpu'
            and self.dilation == (2, 2)
            and self.stride in ((1, 1), (2, 2))
            and self.padding_mode == 'zeros'
            and not isinstance(self.padding, str)
            and all(padding % 2 == 0 for padding in self.padding)
        )

    def splits_evenly(self, x: Tensor) -> bool:
        """Whether all phases of ``x`` (N, C, H, W), and of the output, are of one size."""
        return x.shape[-2] % 2 == x.shape[-1] % 2 == 0

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) as ``torch.nn.Conv2d`` does."""
        if not self.splits_on(x):
            return super().forward(x)
        if self.stride == (2, 2):
            return self.on_phases(even_phase(x))
        if self.splits_evenly(x):
            return merge_phases(self.on_phases(split_phases(x)))
        # One more row or column of the zeros that surround the image anyway
        odd_rows, odd_columns = x.shape[-2] % 2, x.shape[-1] % 2
        y = self.forward(F.pad(x, (0, odd_columns, 0, odd_rows)))
        return y[..., : y.shape[-2] - odd_rows, : y.shape[-1] - odd_columns]

    def on_phases(self, phases: Tensor) -> Tensor:
        """The undilated convolution of phases, a batch of images."""
        padding = [int(p) // 2 for p in self.padding]
        return F.conv2d(phases, self.weight, self.bias, padding=padding, groups=self.groups)


def set_by_phases(module: nn.Module, by_phases: bool) -> None:
    """Turn the split on or off in every :class:`PhaseConv2d` inside ``module``."""
    for layer in module.modules():
        if isinstance(layer, PhaseConv2d):
            layer.by_phases = by_phases


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

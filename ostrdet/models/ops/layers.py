"""The layers that operations are made of."""

from typing import Any

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.channels_last import concatenate, subsample
from ostrdet.models.ops.depthwise import DepthwiseConv2d

NormCfg = dict[str, Any]


def norm(norm_cfg: NormCfg, channels: int) -> nn.Module:
    """The normalisation layer of ``norm_cfg`` (a dict with ``type``) for ``channels`` channels."""
    layer: nn.Module = build_norm_layer(norm_cfg, channels)[1]
    return layer


class PointwiseConv2d(nn.Conv2d):
    """A 1x1 convolution that drops the pixels that its stride passes over before it convolves.

    The sums are those of ``nn.Conv2d``. Left to torch 2.14 on a CPU, channels-last and with eight
    channels or so, the gradient of a strided one writes beyond its memory.

    Attributes:
        offset: The first row and column that are read; those beyond the image are zeros.
    """

    offset = 0

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', ceil(H/s), ceil(W/s))."""
        read = subsample(x, self.stride, self.offset)
        sizes = zip(x.shape[-2:], self.stride, read.shape[-2:], strict=True)
        bottom, right = (-(-size // step) - got for size, step, got in sizes)
        if bottom or right:
            read = F.pad(read, (0, right, 0, bottom))
        return F.conv2d(read, self.weight, self.bias)


def relu_conv_norm(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    stride: int,
    padding: int,
    norm_cfg: NormCfg,
) -> nn.Sequential:
    """ReLU, convolution without bias, normalisation: (N, C, H, W) -> (N, C', H/s, W/s).

    Torch's own initialisation stays, as in the reference; ``mmcv.cnn.ConvModule`` has another.
    """
    strided = kernel_size == 1 and stride > 1
    conv_type = PointwiseConv2d if strided else nn.Conv2d
    conv = conv_type(in_channels, out_channels, kernel_size, stride, padding, bias=False)
    return nn.Sequential(nn.ReLU(), conv, norm(norm_cfg, out_channels))


def separable(
    channels: int,
    kernel_size: int,
    stride: int,
    norm_cfg: NormCfg,
    dilation: int = 1,
) -> nn.Sequential:
    """ReLU, depthwise convolution, pointwise convolution, normalisation; the size is kept."""
    return nn.Sequential(
        nn.ReLU(),
        DepthwiseConv2d(channels, kernel_size, stride, dilation),
        nn.Conv2d(channels, channels, 1, bias=False),
        norm(norm_cfg, channels),
    )


class FactorizedReduce(nn.Module):
    """Halve the size by two 1x1 convolutions of stride 2, the second one pixel further on.

    Odd sizes are rounded up, as a convolution of stride 2 does: the second convolution then reads
    one row and column of zeros at the end.

    Raises:
        InvalidValueError: If ``out_channels`` is odd, since each convolution makes half of them.
    """

    def __init__(self, in_channels: int, out_channels: int, norm_cfg: NormCfg) -> None:
        super().__init__()
        if out_channels % 2:
            raise InvalidValueError(
                f'FactorizedReduce makes an even number of channels, got {out_channels}; change '
                'model.supernet.channels (or mixed_op.k)'
            )
        self.relu = nn.ReLU()
        self.conv_even = PointwiseConv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.conv_odd = PointwiseConv2d(in_channels, out_channels // 2, 1, stride=2, bias=False)
        self.conv_odd.offset = 1
        self.norm = norm(norm_cfg, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', ceil(H/2), ceil(W/2))."""
        x = self.relu(x)
        return self.norm(concatenate([self.conv_even(x), self.conv_odd(x)]))


class Zero(nn.Module):
    """The operation 'none': zeros of the size that the other operations put out."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Zeros, (N, C, ceil(H/s), ceil(W/s))."""
        strided = x[..., :: self.stride, :: self.stride]
        return strided.new_zeros(strided.shape)


class Noise(nn.Module):
    """The operation 'noise' of the space S4: standard normal numbers, drawn anew at every call.

    It draws in evaluation too, from the generator of the input's device, and reads of its input the
    size alone.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Noise, (N, C, ceil(H/s), ceil(W/s))."""
        return torch.randn_like(x[..., :: self.stride, :: self.stride])

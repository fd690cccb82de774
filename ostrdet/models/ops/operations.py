"""The candidate operations by name: factories of (channels, stride, norm_cfg).

Every operation maps (N, C, H, W) to (N, C, ceil(H/stride), ceil(W/stride)). The depthwise ones are
those of DARTS (separable convolutions twice, dilated ones once, ReLU-Conv-BN order), ``nor_conv``
those of NAS-Bench-201.
"""

from torch import nn

from ostrdet.models.ops.layers import (
    FactorizedReduce,
    Noise,
    NormCfg,
    Zero,
    norm,
    relu_conv_norm,
    separable,
)
from ostrdet.registry import OPS, lookup


def build_op(name: str, channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Build the operation registered as ``name``.

    Raises:
        UnknownNameError: If there is none; the nearest name is offered.
    """
    op: nn.Module = lookup(OPS, name)(channels, stride, norm_cfg)
    return op


@OPS.register_module(name='none')
def zero(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """No connection."""
    return Zero(stride)


@OPS.register_module(name='noise')
def noise(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Standard normal noise in place of the input (space S4 of RobustDARTS)."""
    return Noise(stride)


@OPS.register_module(name='skip_connect')
def skip_connect(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Identity, or FactorizedReduce at stride 2."""
    return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels, norm_cfg)


@OPS.register_module(name='max_pool_3x3')
def max_pool_3x3(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Max pooling."""
    return nn.MaxPool2d(3, stride, padding=1)


@OPS.register_module(name='avg_pool_3x3')
def avg_pool_3x3(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Average pooling; the pad does not count."""
    return nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)


def _separable_twice(
    channels: int, kernel_size: int, stride: int, norm_cfg: NormCfg
) -> nn.Sequential:
    return nn.Sequential(
        *separable(channels, kernel_size, stride, norm_cfg),
        *separable(channels, kernel_size, 1, norm_cfg),
    )


@OPS.register_module(name='sep_conv_3x3')
def sep_conv_3x3(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Separable 3x3 convolution, applied twice."""
    return _separable_twice(channels, 3, stride, norm_cfg)


@OPS.register_module(name='sep_conv_5x5')
def sep_conv_5x5(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Separable 5x5 convolution, applied twice."""
    return _separable_twice(channels, 5, stride, norm_cfg)


@OPS.register_module(name='sep_conv_7x7')
def sep_conv_7x7(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Separable 7x7 convolution, applied twice."""
    return _separable_twice(channels, 7, stride, norm_cfg)


@OPS.register_module(name='dil_conv_3x3')
def dil_conv_3x3(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Separable 3x3 convolution with dilation 2."""
    return separable(channels, 3, stride, norm_cfg, dilation=2)


@OPS.register_module(name='dil_conv_5x5')
def dil_conv_5x5(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """Separable 5x5 convolution with dilation 2."""
    return separable(channels, 5, stride, norm_cfg, dilation=2)


@OPS.register_module(name='conv_7x1_1x7')
def conv_7x1_1x7(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """A 1x7 and a 7x1 convolution."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, (1, 7), (1, stride), (0, 3), bias=False),
        nn.Conv2d(channels, channels, (7, 1), (stride, 1), (3, 0), bias=False),
        norm(norm_cfg, channels),
    )


@OPS.register_module(name='nor_conv_1x1')
def nor_conv_1x1(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """ReLU, 1x1 convolution, BatchNorm."""
    return relu_conv_norm(channels, channels, 1, stride, 0, norm_cfg)


@OPS.register_module(name='nor_conv_3x3')
def nor_conv_3x3(channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    """ReLU, 3x3 convolution, BatchNorm."""
    return relu_conv_norm(channels, channels, 3, stride, 1, norm_cfg)

"""Depthwise convolutions that take another way, against torch's own."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.kernels.channels_last import even_phase, merge_phases, split_phases
from ostrdet.models.ops import DepthwiseConv2d, set_fast_depthwise
from ostrdet.models.ops import depthwise as column_grad

pytestmark = pytest.mark.usefixtures('float64')

CHANNELS = 3


def results(conv: nn.Module, x: Tensor) -> list[Tensor]:
    """Output, and the gradients of image and kernel for an upstream of its own size."""
    y = conv(x)
    upstream = torch.linspace(-1, 1, y.numel()).view(y.shape)
    return [y, *torch.autograd.grad((y * upstream).sum(), [x, conv.weight])]


@pytest.mark.parametrize('size', [(8, 6), (7, 9), (2, 5)])
@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('dilation', [1, 2, 3])
@pytest.mark.parametrize('kernel_size', [3, 5, 7])
def test_both_ways_agree(
    kernel_size: int, dilation: int, stride: int, size: tuple[int, int]
) -> None:
    conv = DepthwiseConv2d(CHANNELS, kernel_size, stride, dilation)
    x = torch.randn(2, CHANNELS, *size, requires_grad=True)
    expected = results(conv, x)
    set_fast_depthwise(conv, True)
    torch.testing.assert_close(results(conv, x), expected, rtol=1e-12, atol=1e-12)
    assert expected[0].shape[-2:] == (-(-size[0] // stride), -(-size[1] // stride))


@pytest.mark.parametrize(('kernel_size', 'dilation'), [(3, 2), (5, 1), (5, 2)])
def test_second_derivatives(kernel_size: int, dilation: int) -> None:
    conv = DepthwiseConv2d(2, kernel_size, 1, dilation)
    set_fast_depthwise(conv, True)
    x = torch.randn(1, 2, 4, 4, requires_grad=True)

    def convolve(x: Tensor, weight: Tensor) -> Tensor:
        return torch.func.functional_call(conv, {'weight': weight}, (x,))

    weight = conv.weight.detach().requires_grad_()
    assert torch.autograd.gradgradcheck(convolve, (x, weight))


def test_a_frozen_kernel_leaves_the_image_its_gradient() -> None:
    conv = DepthwiseConv2d(CHANNELS, 5).requires_grad_(False)
    x = torch.randn(2, CHANNELS, 6, 6, requires_grad=True)
    (expected,) = torch.autograd.grad(conv(x).sum(), x)
    set_fast_depthwise(conv, True)
    torch.testing.assert_close(torch.autograd.grad(conv(x).sum(), x)[0], expected)


def test_a_frozen_kernel_costs_no_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    conv = DepthwiseConv2d(CHANNELS, 5).requires_grad_(False)
    set_fast_depthwise(conv, True)
    asked = []
    kernel_grad = column_grad._kernel_grad

    def watched(*args: Any) -> Tensor:
        asked.append(args)
        return kernel_grad(*args)

    monkeypatch.setattr(column_grad, '_kernel_grad', watched)
    x = torch.randn(2, CHANNELS, 6, 6, requires_grad=True)
    torch.autograd.grad(conv(x).sum(), x)
    assert not asked
    conv.requires_grad_()
    torch.autograd.grad(conv(x).sum(), conv.weight)
    assert len(asked) == 1


def test_state_is_that_of_a_convolution() -> None:
    plain = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=2, dilation=2, groups=CHANNELS, bias=False)
    conv = DepthwiseConv2d(CHANNELS, 3, dilation=2)
    conv.load_state_dict(plain.state_dict())
    x = torch.randn(2, CHANNELS, 6, 6)
    assert torch.equal(conv(x), plain(x))


def test_phases_are_every_second_pixel_and_merge_again() -> None:
    x = torch.randn(2, CHANNELS, 4, 6)
    expected = torch.cat([x[..., a::2, b::2] for a in (0, 1) for b in (0, 1)])
    assert torch.equal(split_phases(x), expected)
    assert torch.equal(merge_phases(split_phases(x)), x)
    assert torch.equal(even_phase(x), x[..., ::2, ::2])

"""The layers of operations against loops over their indices and against torch's functions."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.models.ops import FactorizedReduce, Zero, norm, relu_conv_norm
from ostrdet.models.ops.layers import PointwiseConv2d

pytestmark = pytest.mark.usefixtures('float64')

PLAIN_NORM = {'type': 'BN', 'affine': False}


def reduce_by_loop(x: Tensor, even_OI: Tensor, odd_OI: Tensor) -> Tensor:
    """Half of the channels from the pixels (2y, 2x), half from (2y+1, 2x+1), zero past the end."""
    batch, _, height, width = x.shape
    rows, columns, half = (height + 1) // 2, (width + 1) // 2, len(even_OI)
    out = torch.zeros(batch, 2 * half, rows, columns)
    for row in range(rows):
        for column in range(columns):
            out[:, :half, row, column] = x[:, :, 2 * row, 2 * column].relu() @ even_OI.T
            if 2 * row + 1 < height and 2 * column + 1 < width:
                shifted = x[:, :, 2 * row + 1, 2 * column + 1]
                out[:, half:, row, column] = shifted.relu() @ odd_OI.T
    return out


@pytest.mark.parametrize('size', [(4, 6), (5, 7), (4, 7), (5, 6), (1, 1), (2, 1)])
def test_factorized_reduce_equals_a_loop_over_pixels(size: tuple[int, int]) -> None:
    layer = FactorizedReduce(3, 4, PLAIN_NORM).eval()
    x = torch.randn(2, 3, *size)
    before = reduce_by_loop(x, layer.conv_even.weight[..., 0, 0], layer.conv_odd.weight[..., 0, 0])
    layer.norm.running_mean.normal_()
    layer.norm.running_var.uniform_(0.5, 2)
    expected = F.batch_norm(before, layer.norm.running_mean, layer.norm.running_var)
    torch.testing.assert_close(layer(x), expected)


def test_factorized_reduce_needs_an_even_width() -> None:
    with pytest.raises(ValueError, match='even number of channels, got 3; change'):
        FactorizedReduce(4, 3, PLAIN_NORM)


@pytest.mark.parametrize('stride', [1, 2])
def test_zero_is_zero_and_stops_every_gradient(stride: int) -> None:
    x = torch.randn(2, 3, 5, 4, requires_grad=True)
    y = Zero(stride)(x)
    assert torch.equal(y, torch.zeros(2, 3, -(-5 // stride), -(-4 // stride)))
    assert not y.requires_grad


def test_zero_keeps_the_precision_of_its_input() -> None:
    assert Zero(2)(torch.ones(1, 1, 2, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16


@pytest.mark.parametrize(('kernel_size', 'stride', 'padding'), [(1, 1, 0), (3, 2, 1)])
def test_relu_conv_norm_is_in_that_order(kernel_size: int, stride: int, padding: int) -> None:
    layer = relu_conv_norm(2, 3, kernel_size, stride, padding, {'type': 'BN'})
    weight, gamma, beta = layer.parameters()
    nn.init.normal_(gamma)
    nn.init.normal_(beta)
    x = torch.randn(2, 2, 6, 5)
    conv = F.conv2d(x.relu(), weight, stride=stride, padding=padding)
    expected = F.batch_norm(conv, None, None, gamma, beta, training=True)
    torch.testing.assert_close(layer(x), expected)


def test_norm_without_affine_has_statistics_and_no_parameters() -> None:
    layer = norm(PLAIN_NORM, 3)
    assert not list(layer.parameters())
    assert layer.running_mean.shape == (3,)


@pytest.mark.parametrize('size', [(8, 8), (7, 10), (1, 1)])
@pytest.mark.parametrize('stride', [1, 2, 3])
def test_a_strided_pointwise_convolution_is_that_of_torch(
    size: tuple[int, int], stride: int
) -> None:
    mine = PointwiseConv2d(3, 5, 1, stride=stride)
    x = torch.randn(2, 3, *size)
    torch.testing.assert_close(mine(x), F.conv2d(x, mine.weight, mine.bias, stride))


def test_its_gradient_keeps_to_its_memory_channels_last() -> None:
    """The shapes at which torch's own aborted the process."""
    layer = FactorizedReduce(8, 8, {'type': 'BN'}).to(memory_format=torch.channels_last).float()
    for _ in range(5):
        x = torch.randn(8, 8, 80, 80, dtype=torch.float32)
        x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
        layer(x).square().mean().backward()
        assert x.grad is not None
        assert x.grad.isfinite().all()

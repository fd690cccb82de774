"""Every registered operation by its contract, and each family against its formula."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.models.ops import FactorizedReduce, build_op
from ostrdet.registry import OPS

pytestmark = pytest.mark.usefixtures('float64')

OPS.import_from_location()
PLAIN_NORM = {'type': 'BN', 'affine': False}
CHANNELS = 4
STRIDES = (1, 2)


def fresh_norm(x: Tensor) -> Tensor:
    """BatchNorm of a minibatch, without affine."""
    return F.batch_norm(x, None, None, training=True)


def pool_by_loop(x: Tensor, stride: int, reduce: Callable[[Tensor], Tensor]) -> Tensor:
    """``reduce`` over the pixels of every 3x3 window that lie inside ``x``."""
    height, width = x.shape[-2:]
    rows = [
        [
            reduce(x[..., max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2])
            for column in range(0, width, stride)
        ]
        for row in range(0, height, stride)
    ]
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


@pytest.mark.parametrize('size', [(8, 8), (9, 7), (5, 6), (1, 1)])
@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize('name', OPS.module_dict)
def test_size_is_kept_or_halved_upwards(name: str, stride: int, size: tuple[int, int]) -> None:
    op = build_op(name, CHANNELS, stride, PLAIN_NORM)
    y = op(torch.randn(2, CHANNELS, *size))
    assert y.shape == (2, CHANNELS, -(-size[0] // stride), -(-size[1] // stride))


@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize('name', OPS.module_dict)
def test_input_is_left_alone(name: str, stride: int) -> None:
    x = torch.randn(2, CHANNELS, 5, 5)
    before = x.clone()
    build_op(name, CHANNELS, stride, PLAIN_NORM)(x)
    assert torch.equal(x, before), 'the candidates of an edge share their input'


@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize('name', OPS.module_dict)
def test_norm_cfg_reaches_every_norm(name: str, stride: int) -> None:
    def norms(**affine: bool) -> list[nn.BatchNorm2d]:
        op = build_op(name, CHANNELS, stride, {'type': 'BN', **affine})
        return [layer for layer in op.modules() if isinstance(layer, nn.BatchNorm2d)]

    assert all(layer.weight is None and layer.bias is None for layer in norms(affine=False))
    assert all(layer.weight is not None and layer.bias is not None for layer in norms())


@pytest.mark.parametrize('name', OPS.module_dict)
def test_convolutions_have_no_bias(name: str) -> None:
    layers = build_op(name, CHANNELS, 2, PLAIN_NORM).modules()
    assert all(layer.bias is None for layer in layers if isinstance(layer, nn.Conv2d))


def test_unknown_operation_offers_the_nearest() -> None:
    with pytest.raises(KeyError, match=r"'sep_conv_3x4'\. Did you mean 'sep_conv"):
        build_op('sep_conv_3x4', CHANNELS, 1, PLAIN_NORM)


def test_skip_connect_is_identity_or_factorized_reduce() -> None:
    x = torch.randn(2, CHANNELS, 4, 4)
    assert torch.equal(build_op('skip_connect', CHANNELS, 1, PLAIN_NORM)(x), x)
    assert isinstance(build_op('skip_connect', CHANNELS, 2, PLAIN_NORM), FactorizedReduce)


@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize('size', [(6, 4), (5, 7)])
def test_average_pooling_counts_only_pixels(stride: int, size: tuple[int, int]) -> None:
    op = build_op('avg_pool_3x3', CHANNELS, stride, PLAIN_NORM)
    ones, x = torch.ones(1, CHANNELS, *size), torch.randn(2, CHANNELS, *size)
    assert torch.equal(op(ones), ones[..., ::stride, ::stride])
    expected = pool_by_loop(x, stride, lambda window: window.mean(dim=(-2, -1)))
    torch.testing.assert_close(op(x), expected)


@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize('size', [(6, 4), (5, 7)])
def test_max_pooling_ignores_the_pad(stride: int, size: tuple[int, int]) -> None:
    op = build_op('max_pool_3x3', CHANNELS, stride, PLAIN_NORM)
    x = -torch.rand(2, CHANNELS, *size) - 1  # a pad of zeros would win
    expected = pool_by_loop(x, stride, lambda window: window.amax(dim=(-2, -1)))
    assert torch.equal(op(x), expected)


@pytest.mark.parametrize('name', ['max_pool_3x3', 'avg_pool_3x3'])
@pytest.mark.parametrize('stride', STRIDES)
def test_pools_carry_no_norm_of_their_own(name: str, stride: int) -> None:
    assert not build_op(name, CHANNELS, stride, PLAIN_NORM).state_dict()


@pytest.mark.parametrize('size', [(8, 6), (7, 9)])
@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize(
    ('name', 'kernel'), [('sep_conv_3x3', 3), ('sep_conv_5x5', 5), ('sep_conv_7x7', 7)]
)
def test_separable_convolution_is_applied_twice(
    name: str, kernel: int, stride: int, size: tuple[int, int]
) -> None:
    op = build_op(name, CHANNELS, stride, PLAIN_NORM)
    x = torch.randn(2, CHANNELS, *size)
    deep_1, point_1, deep_2, point_2 = op.parameters()
    assert deep_1.shape == deep_2.shape == (CHANNELS, 1, kernel, kernel)
    assert point_1.shape == point_2.shape == (CHANNELS, CHANNELS, 1, 1)
    pad = kernel // 2
    y = F.conv2d(x.relu(), deep_1, stride=stride, padding=pad, groups=CHANNELS)
    y = fresh_norm(F.conv2d(y, point_1))
    y = F.conv2d(y.relu(), deep_2, stride=1, padding=pad, groups=CHANNELS)
    torch.testing.assert_close(op(x), fresh_norm(F.conv2d(y, point_2)))


@pytest.mark.parametrize('size', [(8, 6), (7, 9)])
@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize(('name', 'kernel'), [('dil_conv_3x3', 3), ('dil_conv_5x5', 5)])
def test_dilated_convolution_is_applied_once(
    name: str, kernel: int, stride: int, size: tuple[int, int]
) -> None:
    op = build_op(name, CHANNELS, stride, PLAIN_NORM)
    x = torch.randn(2, CHANNELS, *size)
    deep, point = op.parameters()
    spread = torch.zeros(CHANNELS, 1, 2 * kernel - 1, 2 * kernel - 1)
    spread[..., ::2, ::2] = deep  # dilation 2, written out as a larger kernel
    y = F.conv2d(x.relu(), spread, stride=stride, padding=kernel - 1, groups=CHANNELS)
    torch.testing.assert_close(op(x), fresh_norm(F.conv2d(y, point)))


@pytest.mark.parametrize('size', [(8, 6), (7, 9)])
@pytest.mark.parametrize('stride', STRIDES)
def test_conv_7x1_1x7_strides_one_axis_at_a_time(stride: int, size: tuple[int, int]) -> None:
    op = build_op('conv_7x1_1x7', CHANNELS, stride, PLAIN_NORM)
    x = torch.randn(2, CHANNELS, *size)
    along, across = op.parameters()
    assert (along.shape[-2:], across.shape[-2:]) == ((1, 7), (7, 1))
    y = F.conv2d(F.pad(x.relu(), (3, 3, 0, 0)), along)[..., ::stride]
    y = F.conv2d(F.pad(y, (0, 0, 3, 3)), across)[..., ::stride, :]
    torch.testing.assert_close(op(x), fresh_norm(y))


@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize(('name', 'kernel'), [('nor_conv_1x1', 1), ('nor_conv_3x3', 3)])
def test_plain_convolution(name: str, kernel: int, stride: int) -> None:
    op = build_op(name, CHANNELS, stride, PLAIN_NORM)
    x = torch.randn(2, CHANNELS, 7, 6)
    (weight,) = op.parameters()
    assert weight.shape == (CHANNELS, CHANNELS, kernel, kernel)
    y = F.conv2d(x.relu(), weight, stride=stride, padding=kernel // 2)
    torch.testing.assert_close(op(x), fresh_norm(y))


@pytest.mark.parametrize('size', [(8, 8), (9, 7)])
@pytest.mark.parametrize('stride', STRIDES)
@pytest.mark.parametrize('training', [True, False])
def test_noise_is_standard_normal_whatever_the_input(
    training: bool, stride: int, size: tuple[int, int]
) -> None:
    op = build_op('noise', CHANNELS, stride, PLAIN_NORM).train(training)
    x = torch.full((500, CHANNELS, *size), torch.nan, requires_grad=True)
    torch.manual_seed(0)
    y, again = op(x), op(x)
    assert y.shape == (500, CHANNELS, -(-size[0] // stride), -(-size[1] // stride))
    assert not torch.equal(y, again)
    spread = 5 / y.numel() ** 0.5  # five standard errors of a mean
    assert abs(y.mean()) < spread
    assert abs(y.square().mean() - 1) < 2 * spread
    assert not y.requires_grad
    assert not op.state_dict()
    torch.manual_seed(0)
    assert torch.equal(op(x), y)


def test_noise_has_the_type_and_the_layout_of_its_input() -> None:
    x = torch.zeros(2, CHANNELS, 6, 6, dtype=torch.bfloat16).to(memory_format=torch.channels_last)
    y = build_op('noise', CHANNELS, 1, PLAIN_NORM)(x)
    assert y.dtype == torch.bfloat16
    assert y.is_contiguous(memory_format=torch.channels_last)

"""Stems, reductions and tails against torch's functions."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.models.networks import CIFARStem, ImageNetStem, NormAct, ResidualReduction
from ostrdet.structures import BlockPlan, FeatureSpec, StemPlan

pytestmark = pytest.mark.usefixtures('float64')


def conv_norm(x: Tensor, conv: nn.Conv2d, norm: nn.BatchNorm2d, stride: int) -> Tensor:
    """3x3 convolution and BatchNorm of a minibatch; every parameter of the norm is used."""
    y = F.conv2d(x, conv.weight, stride=stride, padding=1)
    return F.batch_norm(y, None, None, norm.weight, norm.bias, training=True)


def randomize_norms(block: nn.Module) -> list[nn.BatchNorm2d]:
    """Random scale and shift for every norm of ``block``, which thereby are proved to exist."""
    norms = [layer for layer in block.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    return norms


def convolutions(block: nn.Module) -> list[nn.Conv2d]:
    """The convolutions of ``block``, in order."""
    return [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize('num_states', [1, 2])
def test_cifar_stem_hands_over_one_map_as_every_state(num_states: int) -> None:
    stem = CIFARStem(StemPlan('CIFARStem', (FeatureSpec(6, 1),) * num_states))
    (norm,), (conv,) = randomize_norms(stem), convolutions(stem)
    images = torch.randn(2, 3, 7, 8)
    states = stem(images)
    assert len(states) == num_states
    for state in states:
        torch.testing.assert_close(state, conv_norm(images, conv, norm, stride=1))


@pytest.mark.parametrize('size', [(16, 24), (33, 47)])
def test_imagenet_stem_halves_three_times(size: tuple[int, int]) -> None:
    stem = ImageNetStem(StemPlan('ImageNetStem', (FeatureSpec(4, 4), FeatureSpec(4, 8))))
    norms, convs = randomize_norms(stem), convolutions(stem)
    images = torch.randn(2, 3, *size)
    half = conv_norm(images, convs[0], norms[0], stride=2)
    quarter = conv_norm(half.relu(), convs[1], norms[1], stride=2)
    eighth = conv_norm(quarter.relu(), convs[2], norms[2], stride=2)
    states = stem(images)
    torch.testing.assert_close(states, (quarter, eighth))
    assert [conv.out_channels for conv in convs] == [2, 4, 4]
    assert states[1].shape[-2:] == (-(-size[0] // 8), -(-size[1] // 8))


@pytest.mark.parametrize('size', [(6, 8), (7, 5)])
def test_residual_reduction_adds_the_averaged_shortcut(size: tuple[int, int]) -> None:
    block = ResidualReduction(
        BlockPlan('ResidualReduction', (FeatureSpec(2, 1),), FeatureSpec(4, 2))
    )
    norms, (conv_a, conv_b, shortcut) = randomize_norms(block), convolutions(block)
    x = torch.randn(2, 2, *size)
    height, width = size
    pooled = torch.stack(
        [
            torch.stack(
                [x[..., i : i + 2, j : j + 2].mean(dim=(2, 3)) for j in range(0, width, 2)], -1
            )
            for i in range(0, height, 2)
        ],
        -2,
    )
    residual = conv_norm(x.relu(), conv_a, norms[0], stride=2)
    residual = conv_norm(residual.relu(), conv_b, norms[1], stride=1)
    torch.testing.assert_close(block((x,)), residual + F.conv2d(pooled, shortcut.weight))
    assert shortcut.bias is None


def test_residual_reduction_reads_the_newest_state() -> None:
    states = (FeatureSpec(3, 1), FeatureSpec(2, 1))
    block = ResidualReduction(BlockPlan('ResidualReduction', states, FeatureSpec(4, 2))).eval()
    old, new = torch.randn(2, 3, 4, 4), torch.randn(2, 2, 4, 4)
    assert torch.equal(block((old, new)), block((new,)))


def test_norm_act_is_in_that_order() -> None:
    tail = NormAct(FeatureSpec(3, 4))
    (norm,) = randomize_norms(tail)
    x = torch.randn(2, 3, 4, 4)
    expected = F.batch_norm(x, None, None, norm.weight, norm.bias, training=True).relu()
    torch.testing.assert_close(tail(x), expected)

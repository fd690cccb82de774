"""The auxiliary head against torch's functions, on the reference's sizes and on others."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ostrdet.models.networks import AuxiliaryHead

pytestmark = pytest.mark.usefixtures('float64')


@pytest.mark.parametrize('last_norm', [True, False])
@pytest.mark.parametrize(('pool_stride', 'size'), [(3, (8, 8)), (2, (7, 7)), (3, (9, 12))])
def test_layers_are_those_of_the_reference(
    pool_stride: int, size: tuple[int, int], last_norm: bool
) -> None:
    head = AuxiliaryHead(6, 10, pool_stride, last_norm)
    convs = [layer for layer in head.modules() if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in head.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert [conv.weight.shape for conv in convs] == [(128, 6, 1, 1), (768, 128, 2, 2)]
    assert [norm.num_features for norm in norms] == [128, 768][: 1 + last_norm]
    x = torch.randn(4, 6, *size)
    y = F.conv2d(F.avg_pool2d(x.relu(), 5, pool_stride), convs[0].weight)
    y = F.conv2d(F.batch_norm(y, None, None, training=True).relu(), convs[1].weight)
    if last_norm:
        y = F.batch_norm(y, None, None, training=True)
    expected = F.linear(y.relu().mean(dim=(2, 3)), head.classifier.weight, head.classifier.bias)
    torch.testing.assert_close(head(x), expected)


@pytest.mark.parametrize(('pool_stride', 'size'), [(3, 8), (2, 7)])
def test_one_pixel_is_left_on_the_sizes_of_the_reference(pool_stride: int, size: int) -> None:
    head = AuxiliaryHead(6, 10, pool_stride)
    assert head.features(torch.randn(2, 6, size, size)).shape == (2, 768, 1, 1)


def test_parameters_on_cifar10() -> None:
    head = AuxiliaryHead(576, 10, pool_stride=3)
    assert sum(p.numel() for p in head.parameters()) == 476_426


def test_input_is_left_alone() -> None:
    x = torch.randn(2, 6, 8, 8)
    before = x.clone()
    AuxiliaryHead(6, 10, pool_stride=3)(x)
    assert torch.equal(x, before), 'the trunk reads the same features'

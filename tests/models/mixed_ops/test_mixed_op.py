"""The plain mixed operation against the weighted sum written out."""

import pytest
import torch
from torch import nn

from ostrdet.models.mixed_ops import MixedOp

pytestmark = pytest.mark.usefixtures('float64')

PLAIN_NORM = {'type': 'BN', 'affine': False}
OPS = ('none', 'max_pool_3x3', 'avg_pool_3x3', 'skip_connect', 'sep_conv_3x3')
POOLS = ('max_pool_3x3', 'avg_pool_3x3')


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('stride', [1, 2])
def test_output_is_the_weighted_sum_of_the_candidates(stride: int, training: bool) -> None:
    edge = MixedOp(OPS, 4, stride, PLAIN_NORM, POOLS).train(training)
    x, weights_O = torch.randn(2, 4, 5, 6), torch.randn(len(OPS))
    features = torch.stack([op(x) for op in edge.candidates])
    expected = torch.einsum('o,onchw->nchw', weights_O, features)
    torch.testing.assert_close(edge(x, weights_O), expected)


def test_gradient_of_a_weight_is_the_inner_product_with_its_feature() -> None:
    edge = MixedOp(OPS, 4, 1, PLAIN_NORM, POOLS)
    x, upstream = torch.randn(2, 4, 5, 6), torch.randn(2, 4, 5, 6)
    weights_O = torch.rand(len(OPS), requires_grad=True)
    (grad_O,) = torch.autograd.grad((edge(x, weights_O) * upstream).sum(), weights_O)
    expected_O = torch.stack([(op(x) * upstream).sum() for op in edge.candidates])
    torch.testing.assert_close(grad_O, expected_O)
    assert grad_O[0] == 0, 'none'


@pytest.mark.parametrize('normalized', [(), POOLS[:1], POOLS])
def test_only_the_named_candidates_are_followed_by_a_norm(normalized: tuple[str, ...]) -> None:
    edge = MixedOp(OPS, 4, 1, PLAIN_NORM, normalized)
    norms = {
        name: [layer for layer in op.modules() if isinstance(layer, nn.BatchNorm2d)]
        for name, op in zip(OPS, edge.candidates, strict=True)
    }
    expected = {name: int(name in normalized) for name in OPS} | {'sep_conv_3x3': 2}
    assert {name: len(layers) for name, layers in norms.items()} == expected
    assert not any(layer.affine for layers in norms.values() for layer in layers)


def test_a_normalized_pool_has_mean_zero_and_variance_one() -> None:
    edge = MixedOp(POOLS, 4, 2, {**PLAIN_NORM, 'eps': 1e-16}, POOLS)
    for one_hot_O in torch.eye(2):
        y = edge(torch.randn(8, 4, 6, 6) * 3 + 5, one_hot_O)
        variance, mean = torch.var_mean(y, dim=(0, 2, 3), correction=0)
        torch.testing.assert_close(mean, torch.zeros(4), rtol=0, atol=1e-12)
        torch.testing.assert_close(variance, torch.ones(4))


def test_parameters_are_those_of_the_candidates() -> None:
    edge = MixedOp(OPS, 4, 1, PLAIN_NORM, POOLS)
    assert sum(p.numel() for p in edge.parameters()) == 2 * (4 * 9 + 4 * 4)  # sep_conv_3x3


def test_unknown_candidate_offers_the_nearest() -> None:
    with pytest.raises(KeyError, match="Did you mean 'skip_connect'"):
        MixedOp(['none', 'skip_conect'], 4, 1, PLAIN_NORM)

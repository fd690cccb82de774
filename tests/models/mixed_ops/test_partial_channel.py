"""Partial channels against a loop over output channels and groups."""

import pytest
import torch
from torch import Tensor

from ostrdet.models.mixed_ops import MixedOp, PartialChannelMixedOp

pytestmark = pytest.mark.usefixtures('float64')

PLAIN_NORM = {'type': 'BN', 'affine': False}
OPS = ('none', 'max_pool_3x3', 'skip_connect', 'nor_conv_3x3')
POOLS = ('max_pool_3x3',)


def halve_by_loop(x_NHW: Tensor) -> Tensor:
    """The largest pixel of every 2x2 block; blocks at the end may be cut off."""
    height, width = x_NHW.shape[-2:]
    rows = [
        torch.stack(
            [
                x_NHW[:, row : row + 2, column : column + 2].amax(dim=(1, 2))
                for column in range(0, width, 2)
            ],
            dim=-1,
        )
        for row in range(0, height, 2)
    ]
    return torch.stack(rows, dim=-2)


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('size', [(6, 4), (5, 7)])
@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('k', [2, 3, 4, 6, 12])
def test_equals_a_loop_over_channels_and_groups(
    k: int, stride: int, size: tuple[int, int], training: bool
) -> None:
    channels = 12
    ops = tuple(op for op in OPS if op != 'skip_connect' or channels // k % 2 == 0)
    edge = PartialChannelMixedOp(ops, channels, stride, PLAIN_NORM, POOLS, k).train(training)
    x, weights_O = torch.randn(2, channels, *size), torch.rand(len(ops))
    width = channels // k
    candidates = zip(weights_O, edge.mixed_op.candidates, strict=True)
    mixed = sum(w * op(x[:, :width]) for w, op in candidates)
    y = edge(x, weights_O)
    assert y.shape == (2, channels, -(-size[0] // stride), -(-size[1] // stride))
    for group in range(k):
        for index in range(width):
            source = x[:, group * width + index]
            bypass = source if stride == 1 else halve_by_loop(source)
            expected = mixed[:, index] if group == 0 else bypass
            torch.testing.assert_close(y[:, index * k + group], expected)


@pytest.mark.parametrize('size', [(6, 4), (5, 7)])
@pytest.mark.parametrize('stride', [1, 2])
def test_one_group_is_the_plain_mixed_op(stride: int, size: tuple[int, int]) -> None:
    plain = MixedOp(OPS, 4, stride, PLAIN_NORM, POOLS)
    partial = PartialChannelMixedOp(OPS, 4, stride, PLAIN_NORM, POOLS, k=1)
    partial.mixed_op.load_state_dict(plain.state_dict())
    x, weights_O = torch.randn(2, 4, *size), torch.rand(len(OPS))
    assert torch.equal(partial(x, weights_O), plain(x, weights_O))


def test_candidates_have_the_width_of_one_group() -> None:
    edge = PartialChannelMixedOp(('nor_conv_3x3',), 8, 1, PLAIN_NORM, k=4)
    assert [p.shape for p in edge.parameters()] == [(2, 2, 3, 3)]


@pytest.mark.parametrize('k', [0, -1, 3, 8])
def test_k_that_does_not_divide_the_channels_is_refused(k: int) -> None:
    message = f'mixed_op.k={k} must divide the 4 channels of every edge; change k or model.supernet'
    with pytest.raises(ValueError, match=message):
        PartialChannelMixedOp(OPS, 4, 1, PLAIN_NORM, k=k)

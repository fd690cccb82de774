"""The auxiliary skip of DARTS-: published numbers, both engines, and its end."""

from typing import Any

import pytest
import torch
from torch import nn

from ostrdet.errors import InvalidTypeError, InvalidValueError
from ostrdet.models.mixed_ops import AuxiliarySkipMixedOp, MixedOp
from ostrdet.models.networks import Supernet

pytestmark = pytest.mark.usefixtures('float64')

BN = {'type': 'BN', 'affine': False}
OPS = ('none', 'skip_connect', 'nor_conv_1x1')


class Constant(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.full_like(x, self.value)


def test_the_gradient_meets_the_published_numbers() -> None:
    edge = AuxiliarySkipMixedOp(OPS, 1, 1, BN, coefficient=0.6)
    edge.mixed_op.candidates = nn.ModuleList(map(Constant, (1.0, 2.0, -1.0)))
    edge.skip = Constant(0.7)
    alphas_O = torch.tensor([0.2, -0.1, 0.4], requires_grad=True)
    f = edge(torch.zeros(1, 1, 1, 1), alphas_O.softmax(-1)).squeeze()
    assert f.item() == pytest.approx(0.8454354054625485, rel=1e-12)
    (grad_O,) = torch.autograd.grad((f - 0.5).square() / 2, alphas_O)
    expected_O = torch.tensor([0.0670020755021677, 0.13602587630944946, -0.2030279518116172])
    torch.testing.assert_close(grad_O, expected_O, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize(
    ('schedule', 'expected'),
    [
        ('Linear', {0: 1.0, 1: 0.98, 10: 0.8, 25: 0.5, 49: 0.02}),
        ('Cosine', {1: 0.9990133642141358, 10: 0.9045084971874737, 49: 0.0009866357858642205}),
        (
            'SlowCosine',
            {0: 1.0, 1: 0.9995065603657316, 25: 0.7071067811865476, 49: 0.031410759078128396},
        ),
    ],
)
def test_the_coefficient_follows_the_epoch(schedule: str, expected: dict[int, float]) -> None:
    config = {'type': schedule, 'start': 1, 'end': 0}
    edge = AuxiliarySkipMixedOp(OPS, 2, 1, BN, coefficient=config)
    for epoch, value in expected.items():
        edge.set_progress(epoch, 50)
        assert edge.coefficient == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize('skip', ['identity', 'conv'])
@pytest.mark.parametrize('inner', ['MixedOp', 'PartialChannelMixedOp'])
@pytest.mark.parametrize('stride', [1, 2])
def test_it_is_the_inner_mixture_and_a_skip(stride: int, inner: str, skip: str) -> None:
    edge = AuxiliarySkipMixedOp(
        OPS, 8, stride, BN, mixed_op={'type': inner}, coefficient=0.5, skip=skip
    )
    x, p_O = torch.randn(3, 8, 8, 8), torch.rand(3)
    expected = edge.mixed_op(x, p_O) + 0.5 * (x if stride == 1 else edge.skip(x))
    torch.testing.assert_close(edge(x, p_O), expected)
    edge.coefficient = 0.0
    assert torch.equal(edge(x, p_O), edge.mixed_op(x, p_O))


@pytest.mark.parametrize('edge_norm', [False, True])
@pytest.mark.parametrize('inner', ['MixedOp', 'PartialChannelMixedOp'])
@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
def test_engines_agree(space: str, inner: str, edge_norm: bool) -> None:
    from ostrdet.models.searchers import BilevelSearcher
    from tests.models.searchers.test_engines import check_steps

    mixed_op = {'type': 'AuxiliarySkipMixedOp', 'coefficient': 0.7, 'mixed_op': {'type': inner}}

    def make(engine: str) -> BilevelSearcher:
        torch.manual_seed(0)
        net: dict[str, Any] = {'type': 'Supernet', 'space': {'type': space, 'num_nodes': 2}}
        sizes = {'channels': 4, 'num_cells': 1, 'num_classes': 3, 'engine': engine}
        weighting = {'type': 'SoftmaxWeighting', 'edge_norm': edge_norm}
        return BilevelSearcher({**net, **sizes, 'mixed_op': mixed_op}, weighting=weighting).train()

    check_steps(make('plain'), make('fast'), rtol=1e-8)


def test_a_coefficient_of_zero_is_the_plain_supernet() -> None:
    nets = []
    for mixed_op in ({'type': 'MixedOp'}, {'type': 'AuxiliarySkipMixedOp', 'coefficient': 0}):
        torch.manual_seed(0)
        nets.append(
            Supernet({'type': 'NASBench201Space'}, 4, 1, 3, mixed_op=mixed_op, engine='fast')
        )
    from ostrdet.models.weightings import MixWeights

    mix = {'cell': MixWeights(torch.rand(6, 5))}
    images = torch.randn(2, 3, 8, 8)
    assert torch.equal(*(net(images, mix) for net in nets))


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InvalidValueError, match=r'mixed_op\.coefficient=-1'):
        AuxiliarySkipMixedOp(OPS, 4, 1, BN, coefficient=-1)
    with pytest.raises(InvalidTypeError, match=r'mixed_op\.coefficient'):
        AuxiliarySkipMixedOp(OPS, 4, 1, BN, coefficient='big')
    with pytest.raises(InvalidValueError, match=r"mixed_op\.skip='pool'"):
        AuxiliarySkipMixedOp(OPS, 4, 1, BN, skip='pool')
    assert isinstance(AuxiliarySkipMixedOp(OPS, 4, 1, BN).mixed_op, MixedOp)

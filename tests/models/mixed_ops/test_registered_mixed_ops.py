"""What every registered mixed operation owes to the supernet and to the architecture updates."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ostrdet.models import mixed_ops
from ostrdet.models.networks import Supernet
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import MODELS, build
from ostrdet.spaces import SearchSpace, build_space

pytestmark = pytest.mark.usefixtures('float64')

MODELS.import_from_location()
MIXED_OPS = [
    name
    for name, cls in MODELS.module_dict.items()
    if cls.__module__.startswith(mixed_ops.__name__)
]
OPS = ('none', 'skip_connect', 'max_pool_3x3', 'nor_conv_3x3')
CHANNELS = 8


def make_edge(name: str, stride: int) -> nn.Module:
    """An edge of ``CHANNELS`` channels; its pool is followed by a norm."""
    return build(
        MODELS,
        {'type': name},
        ops=OPS,
        channels=CHANNELS,
        stride=stride,
        norm_cfg={'type': 'BN', 'affine': False},
        normalized=('max_pool_3x3',),
    )


def test_there_are_mixed_ops_to_test() -> None:
    assert {'MixedOp', 'PartialChannelMixedOp'} <= set(MIXED_OPS)


@pytest.mark.parametrize('size', [(4, 6), (5, 7)])
@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('name', MIXED_OPS)
def test_size_is_kept_or_halved_upwards(name: str, stride: int, size: tuple[int, int]) -> None:
    x = torch.randn(2, CHANNELS, *size)
    before = x.clone()
    y = make_edge(name, stride)(x, torch.rand(len(OPS)))
    assert y.shape == (2, CHANNELS, -(-size[0] // stride), -(-size[1] // stride))
    assert torch.equal(x, before), 'the edges of a node share their input'


@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('name', MIXED_OPS)
def test_first_and_second_derivatives_are_exact(name: str, stride: int) -> None:
    edge = make_edge(name, stride)
    x = torch.randn(2, CHANNELS, 3, 3, requires_grad=True)
    weights_O = torch.rand(len(OPS), requires_grad=True)
    assert torch.autograd.gradcheck(edge, (x, weights_O), fast_mode=True)
    assert torch.autograd.gradgradcheck(edge, (x, weights_O), fast_mode=True)


@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
@pytest.mark.parametrize('name', MIXED_OPS)
def test_serves_a_supernet(
    name: str, space: str, random_weights: Callable[[SearchSpace], dict[str, MixWeights]]
) -> None:
    net = Supernet({'type': space}, CHANNELS, 1, 3, mixed_op={'type': name})
    weights = random_weights(build_space({'type': space}))
    logits: Tensor = net(torch.randn(2, 3, 9, 8), weights)
    assert logits.shape == (2, 3)
    assert logits.isfinite().all()


@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('name', MIXED_OPS)
def test_nothing_active_is_the_weight_zero_everywhere(name: str, stride: int) -> None:
    edge = make_edge(name, stride)
    x = torch.randn(2, CHANNELS, 5, 4, requires_grad=True)
    zeros_O = torch.zeros(len(OPS))
    ends = []
    for few in ((), ([False] * len(OPS),)):
        y = edge(x, zeros_O, *few)
        loss = ((y + 0 * x.sum()) * torch.ones_like(y).cumsum(dim=-1)).sum()
        ends.append((y, *torch.autograd.grad(loss, x)))
    assert ends[0][0].shape == ends[1][0].shape
    for dense, sparse in zip(*ends, strict=True):
        torch.testing.assert_close(sparse, dense)


@pytest.mark.parametrize('engine', ['fast', 'plain'])
@pytest.mark.parametrize('space', ['DARTSSpace', 'NASBench201Space'])
@pytest.mark.parametrize('name', MIXED_OPS)
def test_a_node_without_an_active_candidate_has_its_gradients(
    name: str,
    space: str,
    engine: str,
    random_weights: Callable[[SearchSpace], dict[str, MixWeights]],
) -> None:
    config = {'type': space, 'num_nodes': 3}
    net = Supernet(config, CHANNELS, 3, 3, mixed_op={'type': name}, engine=engine)
    images, stem, ends = torch.randn(2, 3, 8, 8), list(net.skeleton.stem.parameters()), []
    drawn = random_weights(net.space)
    for is_sparse in (False, True):
        mix = {}
        for cell, weights in drawn.items():
            active_EO = torch.ones_like(weights.op_weights, dtype=torch.bool)
            spec = net.space.cells[cell]
            active_EO[list(spec.incoming(spec.nodes[0]))] = False
            p_EO = weights.op_weights.where(active_EO, 0.0)
            mix[cell] = MixWeights(p_EO, active=active_EO if is_sparse else None)
        loss = net(images, mix).square().sum()
        ends.append((loss, *torch.autograd.grad(loss, stem)))
    for dense, sparse in zip(*ends, strict=True):
        torch.testing.assert_close(sparse, dense)

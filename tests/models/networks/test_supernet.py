"""The supernet: a pure function of images and weights, with the reference's norms and sizes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.models.networks import Cell, Supernet
from ostrdet.models.weightings import MixWeights
from ostrdet.spaces import SearchSpace

pytestmark = pytest.mark.usefixtures('float64')

RandomWeights = Callable[[SearchSpace], dict[str, MixWeights]]

DARTS = {'type': 'DARTSSpace'}
NB201 = {'type': 'NASBench201Space'}
TINY_DARTS = {'type': 'DARTSSpace', 'ops': ['none', 'skip_connect', 'sep_conv_3x3'], 'num_nodes': 1}
TINY_NB201 = {'type': 'NASBench201Space', 'num_nodes': 2, 'num_stages': 2}
PARTIAL = {'type': 'PartialChannelMixedOp', 'k': 2}


def cells(net: Supernet) -> list[Cell]:
    """The searched cells of a supernet."""
    return [layer for layer in net.skeleton.layers if isinstance(layer, Cell)]


def norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    """The norms inside ``module``."""
    return [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]


@pytest.mark.parametrize('mixed_op', [None, PARTIAL])
@pytest.mark.parametrize('space', [DARTS, NB201])
def test_logits_depend_on_images_and_weights_alone(
    space: dict[str, Any], mixed_op: dict[str, Any] | None, random_weights: RandomWeights
) -> None:
    net = Supernet(space, 4, 1, 3, mixed_op=mixed_op).eval()
    images, state = torch.randn(2, 3, 8, 8), {k: v.clone() for k, v in net.state_dict().items()}
    weights, others = random_weights(net.space), random_weights(net.space)
    logits = net(images, weights)
    assert logits.shape == (2, 3)
    assert not torch.allclose(net(images, others), logits)
    assert torch.equal(net(images, weights), logits)
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())


@pytest.mark.parametrize('space', [TINY_DARTS, TINY_NB201])
def test_functional_call_uses_the_weights_that_it_is_given(
    space: dict[str, Any], random_weights: RandomWeights
) -> None:
    net, other = (Supernet(space, 4, 3, 3) for _ in range(2))
    images, weights = torch.randn(2, 3, 8, 8), random_weights(net.space)
    own, others = net(images, weights), other(images, weights)
    assert not torch.allclose(own, others)
    called = torch.func.functional_call(net, dict(other.named_parameters()), (images, weights))
    assert torch.equal(called, others)
    assert torch.equal(net(images, weights), own)


@pytest.mark.parametrize('mixed_op', [None, PARTIAL])
@pytest.mark.parametrize('space', [TINY_DARTS, TINY_NB201])
def test_gradients_of_operation_and_edge_weights_are_exact(
    space: dict[str, Any], mixed_op: dict[str, Any] | None, random_weights: RandomWeights
) -> None:
    net = Supernet(space, 4, 2, 2, mixed_op=mixed_op)
    images, weights = torch.randn(2, 3, 6, 6), random_weights(net.space)
    op_weights = [mix.op_weights.requires_grad_() for mix in weights.values()]
    edge_weights = [torch.rand(len(p)).requires_grad_() for p in op_weights]

    def logits(*tensors: Tensor) -> Tensor:
        half = len(tensors) // 2
        pairs = zip(tensors[:half], tensors[half:], strict=True)
        return net(
            images, {name: MixWeights(*pair) for name, pair in zip(weights, pairs, strict=True)}
        )

    assert torch.autograd.gradcheck(logits, (*op_weights, *edge_weights))


@pytest.mark.parametrize('space', [DARTS, NB201])
def test_edge_weights_multiply_the_operation_weights(
    space: dict[str, Any], random_weights: RandomWeights
) -> None:
    net = Supernet(space, 4, 1, 3).eval()
    images, weights = torch.randn(2, 3, 8, 8), random_weights(net.space)
    by_edge, by_op = {}, {}
    for name, mix in weights.items():
        edge_weights_E = torch.rand(len(mix.op_weights))
        by_edge[name] = MixWeights(mix.op_weights, edge_weights_E)
        by_op[name] = MixWeights(edge_weights_E[:, None] * mix.op_weights)
    torch.testing.assert_close(net(images, by_edge), net(images, by_op))


def test_parameters_of_a_tiny_nas_bench_201_supernet() -> None:
    net, width = Supernet(NB201, channels=2, num_cells=1, num_classes=3), 2
    stem = 27 * width + 2 * width
    searched = sum(6 * (1 + 9) * c**2 for c in (width, 2 * width, 4 * width))
    reductions = sum(
        9 * c * 2 * c + 9 * 4 * c**2 + 2 * c**2 + 2 * 2 * (2 * c) for c in (width, 2 * width)
    )
    tail = 2 * 4 * width + 4 * width * 3 + 3
    assert sum(p.numel() for p in net.parameters()) == stem + searched + reductions + tail == 6309


def test_parameters_of_a_tiny_darts_supernet() -> None:
    net = Supernet(TINY_DARTS, channels=2, num_cells=3, num_classes=3)

    def separable(c: int) -> int:
        return 2 * (9 * c + c**2)

    stem = 27 * 6 + 2 * 6
    normal = (6 + 6) * 2 + 2 * separable(2)
    first_reduction = (6 + 2) * 4 + 2 * (4 * 4 + separable(4))
    second_reduction = (2 + 4) * 8 + 2 * (8 * 8 + separable(8))
    expected = stem + normal + first_reduction + second_reduction + 8 * 3 + 3
    assert sum(p.numel() for p in net.parameters()) == expected == 1305


@pytest.mark.parametrize('space', [DARTS, NB201])
def test_norms_are_affine_around_the_cells_and_not_in_them(space: dict[str, Any]) -> None:
    net = Supernet(space, 2, 3, 3)
    inside = {norm for cell in cells(net) for norm in norms(cell)}
    assert inside
    assert not any(norm.affine for norm in inside)
    assert all(norm.affine for norm in set(norms(net)) - inside)


@pytest.mark.parametrize(('space', 'followed'), [(DARTS, True), (NB201, False)])
def test_pools_are_followed_by_a_norm_in_the_darts_supernet_alone(
    space: dict[str, Any], followed: bool
) -> None:
    net = Supernet(space, 2, 2, 3)
    pools = [
        candidate
        for cell in cells(net)
        for edge in cell.edges
        for name, candidate in zip(net.space.ops, edge.candidates, strict=True)
        if 'pool' in name
    ]
    assert pools
    assert all(len(norms(pool)) == followed for pool in pools)


@pytest.mark.parametrize(
    ('space', 'stem', 'channels', 'stride'),
    [
        (DARTS, 'CIFARStem', 4 * 4 * 4, 4),
        (DARTS, 'ImageNetStem', 4 * 4 * 4, 32),
        ({'type': 'DARTSSpace', 'ops': ['none', 'nor_conv_1x1']}, 'CIFARStem', 4 * 4 * 4, 4),
        ({'type': 'DARTSSpace', 'num_nodes': 2}, 'CIFARStem', 4 * 4 * 2, 4),
        ({'type': 'DARTSSpace', 'num_nodes': 2, 'reduce_at': ((1, 2),)}, 'CIFARStem', 4 * 2 * 2, 2),
        ({'type': 'NASNetSpace'}, 'CIFARStem', 4 * 4 * 5, 4),
        (NB201, 'CIFARStem', 4 * 4, 4),
        ({'type': 'NASBench201Space', 'num_nodes': 5, 'num_stages': 2}, 'CIFARStem', 4 * 2, 2),
        ({'type': 'NASBench201Space', 'ops': ['avg_pool_3x3', 'sep_conv_3x3']}, 'CIFARStem', 16, 4),
    ],
)
def test_spaces_by_config_build_and_run(
    space: dict[str, Any], stem: str, channels: int, stride: int, random_weights: RandomWeights
) -> None:
    net = Supernet(space, 4, 3, 5, stem)
    images, weights = torch.randn(2, 3, 17, 21), random_weights(net.space)
    *_, last = net.skeleton(images, weights)
    assert last.shape == (2, channels, -(-17 // stride), -(-21 // stride))
    expected = net.classifier(last.mean(dim=(2, 3)))
    torch.testing.assert_close(net(images, weights), expected)


def test_norm_cfg_replaces_the_norms_of_the_cells() -> None:
    net = Supernet(NB201, 2, 1, 3, norm_cfg={'type': 'BN', 'affine': True, 'momentum': 0.2})
    inside = [norm for cell in cells(net) for norm in norms(cell)]
    assert all(norm.affine and norm.momentum == 0.2 for norm in inside)


@pytest.mark.parametrize('key', ['channels', 'num_cells', 'num_classes'])
def test_sizes_below_one_are_refused(key: str) -> None:
    sizes = {'channels': 2, 'num_cells': 1, 'num_classes': 3, key: 0}
    with pytest.raises(ValueError, match=f'model.supernet.{key}=0, expected at least 1'):
        Supernet(NB201, **sizes)


@pytest.mark.parametrize(
    ('changed', 'error', 'message'),
    [
        ({'space': {'type': 'DARTSpace'}}, KeyError, "'DARTSpace'. Did you mean 'DARTSSpace'"),
        ({'space': {**NB201, 'ops': ['nor_conv_1x']}}, KeyError, "Did you mean 'nor_conv_1x1'"),
        ({'space': {**NB201, 'op': []}}, TypeError, "no argument 'op'. Did you mean 'ops'"),
        ({'stem': 'CifarStem'}, KeyError, "'CifarStem' of NASBench201Space. Did you mean 'CIFAR"),
        ({'mixed_op': {'type': 'MixOp'}}, KeyError, "'MixOp'. Did you mean 'MixedOp'"),
        ({'mixed_op': {'type': 'MixedOp', 'k': 4}}, TypeError, "MixedOp has no argument 'k'"),
        ({'mixed_op': {**PARTIAL, 'k': 3}}, ValueError, 'k=3 must divide the 4 channels'),
    ],
)
def test_wrong_names_are_refused_with_the_nearest(
    changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Supernet(**{'space': NB201, 'channels': 4, 'num_cells': 1, 'num_classes': 3, **changed})


@pytest.mark.filterwarnings('ignore')  # of torch's own compiler
def test_compiled_cells_give_the_same_gradients(random_weights: RandomWeights) -> None:
    settings: dict[str, Any] = {'space': TINY_NB201, 'channels': 4, 'num_cells': 1}
    torch.manual_seed(0)
    net = Supernet(**settings, num_classes=3, engine='plain')
    compiled = Supernet(**settings, num_classes=3, engine='plain', compile_cells='aot_eager')
    compiled.load_state_dict(net.state_dict())
    images, weights = torch.randn(2, 3, 8, 8), random_weights(net.space)
    results = []
    for model in (net, compiled):
        logits = model(images, weights)
        results.append([logits, *torch.autograd.grad(logits.sum(), list(model.parameters()))])
    torch.testing.assert_close(results[1], results[0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(dict(compiled.state_dict()), dict(net.state_dict()))


@pytest.mark.parametrize('engine', ['fast', 'plain'])
def test_the_classifier_reads_the_features_of_all_tiles(engine: str) -> None:
    torch.manual_seed(0)
    sizes = {'channels': 2, 'num_cells': 1, 'num_classes': 5, 'engine': engine}
    supernet = Supernet({'type': 'NASBench201Space', 'num_nodes': 2}, tiles=4, **sizes).eval()
    weights = {'cell': MixWeights(torch.full((3, 5), 0.2))}
    images = torch.randn(2, 3, 16, 16)
    tiles = [images[..., y : y + 8, x : x + 8] for y in (0, 8) for x in (0, 8)]
    features = [[*supernet.skeleton(tile, weights)][-1].mean(dim=(-2, -1)) for tile in tiles]
    expected = supernet.classifier(torch.cat(features, dim=1))
    torch.testing.assert_close(supernet(images, weights), expected)
    assert supernet.classifier.in_features == 4 * features[0].shape[1]


@pytest.mark.parametrize('tiles', [0, -4, 8])
def test_tiles_form_a_square(tiles: int) -> None:
    with pytest.raises(ValueError, match=rf'tiles={tiles}, expected a square number, such as 9'):
        Supernet({'type': 'NASBench201Space'}, 2, 1, 3, tiles=tiles)

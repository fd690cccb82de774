"""The fast engine of the supernet against the plain one."""

import itertools
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from ostrdet.models.fast import source
from ostrdet.models.networks import Supernet
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import OPS

PARTIAL = {'type': 'PartialChannelMixedOp', 'k': 2}
DARTS = {'type': 'DARTSSpace', 'num_nodes': 2}
NB201 = {'type': 'NASBench201Space', 'num_nodes': 2, 'num_stages': 2}
CASES = list(itertools.product([DARTS, NB201], [None, PARTIAL], [False, True]))
IDS = [
    f'{s["type"]}-{"partial" if m else "whole"}-{"edges" if e else "plain"}' for s, m, e in CASES
]


class Result(NamedTuple):
    logits: Tensor
    mix_grads: list[Tensor]
    weight_grads: list[Tensor]
    buffers: dict[str, Tensor]


def pair(space: dict[str, Any], mixed_op: dict[str, Any] | None = None) -> list[Supernet]:
    """A plain and a fast supernet of the same weights."""
    nets = [Supernet(space, 4, 3, 3, mixed_op=mixed_op, engine=e) for e in ('plain', 'fast')]
    nets[1].load_state_dict(nets[0].state_dict())
    return nets


def weights_of(net: Supernet, with_edges: bool) -> dict[str, MixWeights]:
    generator = torch.Generator().manual_seed(1)
    mix = {}
    for name, spec in net.space.cells.items():
        ops = torch.rand(len(spec.edges), len(net.space.ops), generator=generator)
        edges = torch.rand(len(spec.edges), generator=generator) if with_edges else None
        mix[name] = MixWeights(ops, edges)
    return mix


def run(net: Supernet, images: Tensor, with_edges: bool) -> Result:
    """Forward and backward; the loss treats every image and class differently."""
    dtype = images.dtype
    mix = {
        name: MixWeights(*(None if w is None else w.to(dtype).requires_grad_() for w in weights))
        for name, weights in weights_of(net, with_edges).items()
    }
    logits = net(images, mix)
    leaves = [w for weights in mix.values() for w in weights if w is not None]
    loss = (logits * torch.linspace(-1, 1, logits.numel(), dtype=dtype).view(logits.shape)).sum()
    grads = torch.autograd.grad(loss, [*leaves, *net.parameters()])
    buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}
    return Result(logits.detach(), list(grads[: len(leaves)]), list(grads[len(leaves) :]), buffers)


def assert_same(found: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    """Every difference is small against its own tensor, or against all of them if that is 0."""
    scale = torch.cat([tensor.flatten() for tensor in expected]).norm()
    for a, b in zip(found, expected, strict=True):
        # One image behind a normalisation has a constant mean: all gradients are rounding errors
        assert (a - b).norm() <= tolerance * max(b.norm(), 1e-3 * scale) + 1e-14


@pytest.mark.usefixtures('float64')
@pytest.mark.parametrize('training', [True, False], ids=['train', 'eval'])
@pytest.mark.parametrize(('batch', 'size'), [(17, 8), (1, 18), (3, 9), (2, (10, 7))])
@pytest.mark.parametrize(('space', 'mixed_op', 'with_edges'), CASES, ids=IDS)
def test_engines_agree(
    space: dict[str, Any],
    mixed_op: dict[str, Any] | None,
    with_edges: bool,
    batch: int,
    size: Any,
    training: bool,
) -> None:
    height, width = size if isinstance(size, tuple) else (size, size)
    images = torch.randn(batch, 3, height, width)
    plain, fast = (run(net.train(training), images, with_edges) for net in pair(space, mixed_op))
    assert_same([fast.logits], [plain.logits], 1e-10)
    assert_same(fast.mix_grads, plain.mix_grads, 1e-10)
    assert_same(fast.weight_grads, plain.weight_grads, 1e-10)
    torch.testing.assert_close(fast.buffers, plain.buffers, rtol=1e-10, atol=1e-13)


@pytest.mark.usefixtures('float64')
@pytest.mark.parametrize('small', [0, 2**17], ids=['large', 'small'])
@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize('mixed_op', [None, PARTIAL])
def test_states_of_any_size_agree(
    mixed_op: dict[str, Any] | None,
    memory_format: torch.memory_format,
    small: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source, 'SMALL', small)
    images = torch.randn(5, 3, 8, 8).contiguous(memory_format=memory_format)
    nets = [net.to(memory_format=memory_format) for net in pair(NB201, mixed_op)]
    plain, fast = (run(net, images, True) for net in nets)
    assert_same([fast.logits], [plain.logits], 1e-10)
    assert_same(fast.mix_grads, plain.mix_grads, 1e-10)
    assert_same(fast.weight_grads, plain.weight_grads, 1e-10)
    torch.testing.assert_close(fast.buffers, plain.buffers, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize('space', [DARTS, NB201])
def test_single_precision_errs_no_more_than_plain(
    space: dict[str, Any], memory_format: torch.memory_format
) -> None:
    torch.manual_seed(0)
    images = torch.randn(8, 3, 16, 16).contiguous(memory_format=memory_format)
    nets = [net.to(memory_format=memory_format) for net in pair(space)]
    plain, fast = (run(net, images, False) for net in nets)
    torch.testing.assert_close(fast.logits, plain.logits, rtol=1e-5, atol=1e-5)
    exact = run(pair_in_double(nets[0], space), images.double(), False)

    def error(result: Result) -> float:
        grads = zip(result.mix_grads, exact.mix_grads, strict=True)
        return max(((a.double() - b).norm() / b.norm()).item() for a, b in grads)

    assert error(fast) < max(3 * error(plain), 1e-5)


def pair_in_double(net: Supernet, space: dict[str, Any]) -> Supernet:
    double = Supernet(space, 4, 3, 3, engine='plain')
    double.load_state_dict(net.state_dict())
    return double.double()


def test_engines_have_the_same_state() -> None:
    plain, fast = pair(DARTS)
    assert list(plain.state_dict()) == list(fast.state_dict())
    assert [name for name, _ in plain.named_modules()] == [name for name, _ in fast.named_modules()]


@pytest.mark.usefixtures('float64')
def test_functional_call_replaces_weights_and_buffers() -> None:
    net, other = pair(DARTS)[1], pair(DARTS)[1]
    images, mix = torch.randn(2, 3, 8, 8), weights_of(net, True)
    before = {name: buffer.clone() for name, buffer in net.named_buffers()}
    scratch = {name: buffer.clone() for name, buffer in net.named_buffers()}
    state = {**scratch, **dict(other.named_parameters())}
    called = torch.func.functional_call(net, state, (images, mix))
    assert torch.equal(called, other(images, mix))
    assert all(torch.equal(buffer, before[name]) for name, buffer in net.named_buffers())
    torch.testing.assert_close(scratch, dict(other.named_buffers()))


@pytest.mark.usefixtures('float64')
def test_a_new_operation_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of layers that the engine knows in part, that it must not fold, and that work in place."""

    def scaled(channels: int, stride: int, norm_cfg: dict[str, Any]) -> nn.Module:
        return nn.Sequential(
            nn.ReLU(),
            nn.Dropout(0.0, inplace=True),
            nn.Conv2d(channels, channels, 3, stride, 1),
            nn.BatchNorm2d(channels, affine=False),
        )

    def biased(channels: int, stride: int, norm_cfg: dict[str, Any]) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(channels, channels, 3, stride, 1),
            nn.BatchNorm2d(channels, affine=False),
            nn.Conv2d(channels, channels, 1),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(channels, affine=False),
        )

    def affine(channels: int, stride: int, norm_cfg: dict[str, Any]) -> nn.Module:
        return nn.Sequential(nn.AvgPool2d(3, stride, 1), nn.BatchNorm2d(channels))

    new = {'scaled': scaled, 'biased': biased, 'affine': affine}
    for name, factory in new.items():
        monkeypatch.setitem(OPS.module_dict, name, factory)
    space = {**DARTS, 'ops': ['none', 'avg_pool_3x3', 'sep_conv_3x3', *new], 'unselectable': []}
    images = torch.randn(3, 3, 8, 8)
    plain, fast = (run(net, images, True) for net in pair(space))
    assert_same([fast.logits, *fast.mix_grads], [plain.logits, *plain.mix_grads], 1e-10)
    assert_same(fast.weight_grads, plain.weight_grads, 1e-10)
    torch.testing.assert_close(fast.buffers, plain.buffers, rtol=1e-10, atol=1e-13)


@pytest.mark.usefixtures('float64')
@pytest.mark.parametrize('mixed_op', [None, PARTIAL])
def test_hooks_are_called(mixed_op: dict[str, Any] | None) -> None:
    plain, fast = pair(DARTS, mixed_op)
    outputs: dict[str, list[Tensor]] = {'plain': [], 'fast': []}
    for net in (plain, fast):
        for layer in net.skeleton.layers:
            edge = layer.edges[0] if mixed_op is None else layer.edges[0].mixed_op
            for module in (edge.candidates[4], edge.candidates[5][1], layer.edges[3]):
                module.register_forward_hook(lambda *a, n=net: outputs[n.engine].append(a[2]))
    images = torch.randn(2, 3, 8, 8)
    for net in (plain, fast):
        net(images, weights_of(net, False))
    assert len(outputs['plain']) == 3 * len(plain.skeleton.layers)
    torch.testing.assert_close(outputs['fast'], outputs['plain'])


def test_autocast_takes_the_plain_way() -> None:
    plain, fast = pair(NB201)
    images, mix = torch.randn(2, 3, 8, 8), weights_of(plain, False)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(fast(images, mix), plain(images, mix))


def test_half_precision_takes_the_plain_way() -> None:
    plain, fast = (net.bfloat16() for net in pair(NB201))
    images, mix = torch.randn(2, 3, 8, 8).bfloat16(), weights_of(plain, False)
    assert torch.equal(fast(images, mix), plain(images, mix))


def test_unknown_engine() -> None:
    with pytest.raises(ValueError, match=r"engine='quick'.*Known: fast, plain"):
        Supernet(DARTS, 4, 1, 3, engine='quick')

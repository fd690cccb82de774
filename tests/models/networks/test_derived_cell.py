"""The backbone: feature maps, freezing, drop path, memory options, and what it refuses."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.errors import GenotypeError
from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.spaces import build_space

DARTS = {'genotype': 'darts_v2', 'channels': 4, 'num_cells': 3}
IMAGENET = {**DARTS, 'stem': 'ImageNetStem', 'out_indices': (0, 1, 2)}
NB201 = {'genotype': 'nb201_resnet', 'channels': 4, 'num_cells': 1, 'out_indices': (0, 1, 2)}


def backbone(base: dict[str, Any], **changes: Any) -> DerivedCellBackbone:
    torch.manual_seed(0)
    return DerivedCellBackbone(**{**base, **changes})


def norms(net: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]


@pytest.mark.parametrize('size', [(224, 224), (333, 500), (33, 47), (32, 32)])
@pytest.mark.parametrize(
    ('base', 'features'),
    [
        ({**DARTS, 'out_indices': (0, 1, 2)}, [(16, 1), (32, 2), (64, 4)]),
        (IMAGENET, [(16, 8), (32, 16), (64, 32)]),
        (NB201, [(4, 1), (8, 2), (16, 4)]),
    ],
)
@torch.no_grad()
def test_channels_and_strides_of_the_feature_maps(
    base: dict[str, Any], features: list[tuple[int, int]], size: tuple[int, int]
) -> None:
    net = backbone(base).eval()
    assert [(f.channels, f.stride) for f in net.out_features] == features
    maps = net(torch.randn(1, 3, *size))
    assert isinstance(maps, tuple)
    expected = [(1, c, math.ceil(size[0] / s), math.ceil(size[1] / s)) for c, s in features]
    assert [tuple(x.shape) for x in maps] == expected


def test_stages_of_the_published_sizes_end_before_the_reductions() -> None:
    space = build_space({'type': 'DARTSSpace'})
    stages = space.plan('ImageNetStem', 48, 14).stages
    assert [(stage[0], stage[-1]) for stage in stages] == [(0, 3), (4, 8), (9, 13)]
    stages = build_space({'type': 'NASBench201Space'}).plan('CIFARStem', 16, 5).stages
    assert [(stage[0], stage[-1]) for stage in stages] == [(0, 4), (5, 10), (11, 16)]


@torch.no_grad()
def test_the_order_of_out_indices_is_kept_and_negative_ones_count_from_the_end() -> None:
    images = torch.randn(1, 3, 8, 8)
    first, second, last = backbone(DARTS, out_indices=(0, 1, 2)).eval()(images)
    turned = backbone(DARTS, out_indices=(-1, 0)).eval()(images)
    assert torch.equal(turned[0], last)
    assert torch.equal(turned[1], first)
    assert torch.equal(backbone(DARTS, out_indices=(-2,)).eval()(images)[0], second)


@pytest.mark.parametrize('frozen', [-1, 0, 1, 2, 3])
@pytest.mark.parametrize('base', [DARTS, NB201])
def test_frozen_stages_get_no_gradient_and_keep_their_statistics(
    frozen: int, base: dict[str, Any]
) -> None:
    net = backbone(base, frozen_stages=frozen).train()
    skeleton = net.skeleton
    parts = [[skeleton.stem], *([skeleton.layers[i] for i in s] for s in net.plan.stages)]
    parts[-1] = [*parts[-1], skeleton.tail]
    before = [[n.running_mean.clone() for m in part for n in norms(m)] for part in parts]
    last = net(torch.randn(2, 3, 8, 8))[-1]
    assert last.requires_grad == (frozen < 3)
    if last.requires_grad:
        last.sum().backward()
    for index, part in enumerate(parts):
        learns = index > frozen
        weights = [weight for module in part for weight in module.parameters()]
        assert all(weight.requires_grad == learns for weight in weights)
        after = [n.running_mean for m in part for n in norms(m)]
        same = [torch.equal(a, b) for a, b in zip(before[index], after, strict=True)]
        assert same == [not learns] * len(same)


def test_norm_eval_keeps_statistics_but_learns() -> None:
    net = backbone(DARTS, norm_eval=True).train()
    before = [norm.running_mean.clone() for norm in norms(net)]
    net(torch.randn(2, 3, 8, 8))[-1].sum().backward()
    assert all(torch.equal(a, n.running_mean) for a, n in zip(before, norms(net), strict=True))
    assert all(weight.grad is not None for weight in net.parameters())
    assert net.skeleton.training


def test_the_auxiliary_feature_comes_first_and_in_training_only() -> None:
    net = backbone({**DARTS, 'num_cells': 6}, aux_feature=True)
    aux, last = net.train()(torch.randn(2, 3, 16, 16))
    assert aux.shape == (2, 64, 4, 4)  # layer 4 of 6 is the second reduction
    assert last.shape == (2, 64, 4, 4)
    assert len(net.eval()(torch.randn(2, 3, 16, 16))) == 1


@pytest.mark.usefixtures('float64')
def test_drop_path_is_right_on_average() -> None:
    """One edge of one cell: the mean over many draws is what passes without dropping."""
    net = backbone(NB201, drop_path_prob=0.3).train()
    x = torch.randn(1, 4, 3, 3)
    draws = net.drop_path(x.expand(40_000, -1, -1, -1))
    kept = draws.flatten(1).abs().sum(dim=1) > 0
    assert kept.double().mean().item() == pytest.approx(0.7, abs=0.01)
    torch.testing.assert_close(draws[kept][0], x[0] / 0.7)
    torch.testing.assert_close(draws.mean(dim=0), x[0], rtol=0.03, atol=0)


class Dropped(nn.Module):
    """Notes what it is asked to drop, and drops all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return 0 * x


@pytest.mark.parametrize('name', ['darts_v2', 'nb201_resnet', 'ostr_nb201', 'pc-darts_c10'])
def test_every_operation_but_the_identity_is_dropped(name: str) -> None:
    net = backbone(DARTS, genotype=name)
    cells = [(cell, plan) for cell, plan in zip(net.skeleton.layers, net.plan.layers, strict=True)]
    expected, spy = 0, Dropped()
    for cell, plan in cells:
        if hasattr(cell, 'drop_path'):
            cell.drop_path = spy
            first = net.space.cells[plan.cell_type].num_inputs
            skips = [
                (op, source)
                for node in net.genotype.cells[plan.cell_type].nodes
                for op, source in node
                if op != 'skip_connect' or (plan.stride == 2 and source < first)
            ]
            expected += len(skips)
    net.train()(torch.randn(2, 3, 8, 8))
    assert spy.calls == expected > 0


def test_a_cell_of_identities_is_never_dropped() -> None:
    net = backbone(NB201, genotype='nb201_all-skip', drop_path_prob=0.9).train()
    torch.manual_seed(1)
    images = torch.randn(2, 3, 8, 8)
    first = net(images)[0]
    net.set_drop_path_prob(0.0)
    assert torch.equal(first, net(images)[0])


@torch.no_grad()
def test_evaluation_drops_nothing() -> None:
    images = torch.randn(2, 3, 8, 8)
    plain, dropping = backbone(DARTS).eval(), backbone(DARTS, drop_path_prob=0.9).eval()
    assert torch.equal(plain(images)[0], dropping(images)[0])


def trained(images: Tensor, **options: Any) -> tuple[list[Tensor], list[Tensor]]:
    """Gradients, and running statistics, after one pass."""
    net = backbone(DARTS, drop_path_prob=0.4, **options).double().train()
    torch.manual_seed(7)
    net(images)[0].square().sum().backward()
    return [weight.grad for weight in net.parameters()], list(net.buffers())


@pytest.mark.parametrize('option', ['with_cp', 'channels_last'])
def test_memory_options_change_no_number(option: str) -> None:
    images = torch.randn(2, 3, 9, 11, dtype=torch.float64)
    for plain, other in zip(trained(images), trained(images, **{option: True}), strict=True):
        for a, b in zip(plain, other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_channels_last_reaches_weights_and_features() -> None:
    net = backbone(DARTS, channels_last=True)
    kernels = [w for w in net.parameters() if w.ndim == 4 and w.shape[1] > 1 and w.shape[2] > 1]
    assert kernels
    assert all(w.is_contiguous(memory_format=torch.channels_last) for w in kernels)
    assert net(torch.randn(2, 3, 8, 8))[0].is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ('changes', 'error', 'message'),
    [
        ({'genotype': 'dart_v2'}, KeyError, "Did you mean 'darts_v2'"),
        (
            {'genotype': 'nb201_resnet', 'space': {'type': 'DARTSSpace'}},
            GenotypeError,
            r'belongs to NASBench201Space, model\.backbone\.space is DARTSSpace',
        ),
        ({'stem': 'ImagenetStem'}, KeyError, "Did you mean 'ImageNetStem'"),
        ({'channels': 0}, ValueError, r'backbone\.channels=0, expected at least 1'),
        ({'num_cells': 0}, ValueError, r'backbone\.num_cells=0'),
        ({'out_indices': (3,)}, ValueError, r'out_indices=3, expected -3 to 2'),
        ({'frozen_stages': 4}, ValueError, r'frozen_stages=4, expected -1 to 3'),
        ({'drop_path_prob': 1.0}, ValueError, r'drop_path_prob=1\.0, expected a probability'),
    ],
)
def test_bad_arguments_are_named(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        backbone(DARTS, **changes)


def test_a_space_takes_the_genotypes_of_those_that_derive_from_it() -> None:
    net = backbone(DARTS, genotype='nasnet-a', space={'type': 'DARTSSpace'})
    assert type(net.space).__name__ == 'NASNetSpace'


def test_images_below_the_stride_are_refused() -> None:
    with pytest.raises(
        ValueError, match='31x40 pixels are smaller than the stride of the network, 32'
    ):
        backbone(IMAGENET)(torch.randn(1, 3, 31, 40))

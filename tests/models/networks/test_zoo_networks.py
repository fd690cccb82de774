"""Every published cell as a network that runs, and what is special in some."""

import pytest
import torch

from ostrdet.models.networks import DerivedCellBackbone
from ostrdet.models.ops import Noise, Zero
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype, list_genotypes

CHANNELS = 2


def network(name: str) -> DerivedCellBackbone:
    """Three cells of two channels: normal, reduction, reduction; or one a stage."""
    genotype = get_genotype(name)
    return DerivedCellBackbone(genotype, CHANNELS, 3 if len(genotype.cells) > 1 else 1)


@pytest.mark.parametrize('name', list_genotypes())
def test_a_published_cell_makes_a_network_that_runs(name: str) -> None:
    genotype = get_genotype(name)
    build_space(genotype.space).validate(genotype)
    net = network(name).eval()
    with torch.no_grad():
        (features,) = net(torch.randn(1, 3, 8, 8))
    (planned,) = net.out_features
    assert features.shape == (1, planned.channels, 2, 2)
    assert features.isfinite().all()
    nodes = [len(cell.output) for cell in genotype.cells.values()]
    assert planned.channels == CHANNELS * 4 * nodes[-1]
    edges = sum(len(node) for cell in genotype.cells.values() for node in cell.nodes)
    kinds = [kind for kind in net.skeleton.layers if hasattr(kind, 'wiring')]
    assert sum(len(cell.wiring) for cell in kinds[:2]) == (edges if len(nodes) > 1 else 2 * edges)


def test_noise_and_none_are_where_the_cells_have_them() -> None:
    dense, noisy = network('snas_moderate_edge-all'), network('darts-minus_s4_c10_1')
    assert any(isinstance(module, Zero) for module in dense.modules())
    assert any(isinstance(module, Noise) for module in noisy.modules())
    images = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        assert not torch.equal(noisy.eval()(images)[0], noisy(images)[0])
        assert torch.equal(dense.eval()(images)[0], dense(images)[0])


@pytest.mark.parametrize('name', ['darts-minus_s4_c10_1', 'snas_aggressive', 'fairdarts_c'])
def test_what_gets_no_gradient_is_frozen(name: str) -> None:
    """As for any cell: weights that only 'noise', 'none' or nothing reads."""
    net = network(name).train()
    frozen = {key for key, weight in net.named_parameters() if not weight.requires_grad}
    net.requires_grad_(True)
    (features,) = net(torch.randn(2, 3, 8, 8))
    names, weights = zip(*net.named_parameters(), strict=True)
    grads = torch.autograd.grad(features.square().sum(), weights, allow_unused=True)
    assert frozen == {key for key, grad in zip(names, grads, strict=True) if grad is None}

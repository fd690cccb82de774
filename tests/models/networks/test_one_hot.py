"""A supernet under one-hot weights equals the derived network that shares its weights.

The DARTS supernet has a BatchNorm after its pools, which its derived network lacks. So genotypes of
that space are compared without pools as they are, and with pools after that one BatchNorm has been
put behind the derived network's pools. Every other BatchNorm of a derived cell is affine; at scale
one and shift zero, where it starts, that is the identity.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from ostrdet.models.networks import DerivedClassifier, Supernet
from ostrdet.models.weightings import MixWeights
from ostrdet.spaces import DARTSSpace, NASBench201Space, NASNetSpace, SearchSpace
from ostrdet.structures import Genotype, Layout

pytestmark = pytest.mark.usefixtures('float64')

RandomGenotype = Callable[[SearchSpace, int], Genotype]

CHANNELS, NUM_CELLS, NUM_CLASSES = 4, 3, 5
LAYOUT = Layout('CIFARStem', CHANNELS, NUM_CELLS, NUM_CLASSES, image_size=9)
POOLS = DARTSSpace.normalized_in_search
SEEDS = range(3)


def chosen(space: SearchSpace, genotype: Genotype, cell_type: str) -> list[tuple[int, int]]:
    """The chosen (edge, operation) of a cell, as indices into alpha, in the genotype's order."""
    spec, cell = space.cells[cell_type], genotype.cells[cell_type]
    return [
        (spec.edges.index((source, node)), space.ops.index(op))
        for node, edges in zip(spec.nodes, cell.nodes, strict=True)
        for op, source in edges
    ]


def one_hot(space: SearchSpace, genotype: Genotype) -> dict[str, MixWeights]:
    """One for what the genotype chose, zero for the rest."""
    weights = {}
    for cell_type, spec in space.cells.items():
        op_weights_EO = torch.zeros(len(spec.edges), len(space.ops))
        for edge, op in chosen(space, genotype, cell_type):
            op_weights_EO[edge, op] = 1
        weights[cell_type] = MixWeights(op_weights_EO)
    return weights


def shared_state(
    supernet: Supernet, derived: DerivedClassifier, genotype: Genotype
) -> dict[str, torch.Tensor]:
    """The supernet's parameters and buffers under the names that the derived network has."""

    def supernet_name(name: str) -> str:
        name = name.removeprefix('backbone.').replace('head.fc.', 'classifier.')
        match = re.fullmatch(r'skeleton\.layers\.(\d+)\.edges\.(\d+)\.(.+)', name)
        if match is None:
            return name
        layer, index, rest = match.groups()
        cell_type = supernet.skeleton.plan.layers[int(layer)].cell_type
        edge, op = chosen(supernet.space, genotype, cell_type)[int(index)]
        return f'skeleton.layers.{layer}.edges.{edge}.candidates.{op}.{rest}'

    source = supernet.state_dict()
    names = {name: supernet_name(name) for name in derived.state_dict()}
    return {name: source[other] for name, other in names.items() if other in source}


def share(supernet: Supernet, derived: DerivedClassifier, genotype: Genotype) -> None:
    """Copy the supernet's tensors; only affine parameters of BatchNorm may have no counterpart."""
    state = shared_state(supernet, derived, genotype)
    missing = derived.load_state_dict(state, strict=False).missing_keys
    for name in missing:
        assert isinstance(derived.get_submodule(name.rpartition('.')[0]), nn.BatchNorm2d), name
        assert name.endswith(('.weight', '.bias')), name


def follow_pools_by_norm(derived: DerivedClassifier, genotype: Genotype) -> None:
    """Put the supernet's BatchNorm behind the pools of the derived network."""
    skeleton = derived.backbone.skeleton
    for layer, plan in zip(skeleton.layers, skeleton.plan.layers, strict=True):
        ops = [op for node in genotype.cells[plan.cell_type].nodes for op, _ in node]
        for index, op in enumerate(ops):
            if op in POOLS:
                norm = nn.BatchNorm2d(plan.channels, affine=False)
                layer.edges[index] = nn.Sequential(layer.edges[index], norm)


def randomize_norms(net: nn.Module) -> None:
    """Running statistics and affine parameters as after some training."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            if layer.affine:
                nn.init.uniform_(layer.weight, 0.5, 2)
                nn.init.normal_(layer.bias)


@torch.no_grad()
def assert_equal_networks(
    supernet: Supernet, derived: DerivedClassifier, genotype: Genotype
) -> None:
    """The same logits in eval and train mode, and the same running statistics afterwards."""
    randomize_norms(supernet)
    share(supernet, derived, genotype)
    weights = one_hot(supernet.space, genotype)
    for training in (False, True, False):
        supernet.train(training)
        derived.train(training)
        images = torch.randn(4, 3, 10, 9)
        logits = derived(images)
        torch.testing.assert_close(supernet(images, weights), logits, rtol=1e-9, atol=1e-9)
        assert logits.std(dim=0).min() > 0, 'the logits must say something about the images'
    state = derived.state_dict()
    for name, tensor in shared_state(supernet, derived, genotype).items():
        torch.testing.assert_close(tensor, state[name], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('seed', SEEDS)
def test_nas_bench_201(seed: int, random_genotype: RandomGenotype) -> None:
    space = NASBench201Space()
    genotype = random_genotype(replace(space, ops=space.ops[1:]), seed)
    supernet = Supernet(space, CHANNELS, 1, NUM_CLASSES)
    layout = Layout('CIFARStem', CHANNELS, 1, NUM_CLASSES, image_size=9)
    derived = DerivedClassifier(
        Genotype(space.to_config(), genotype.cells), layout, NUM_CLASSES, aux=False
    )
    assert_equal_networks(supernet, derived, genotype)


def test_nas_bench_201_with_none() -> None:
    space = NASBench201Space()
    genotype = space.parse('|none~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|')
    supernet = Supernet(space, CHANNELS, 2, NUM_CLASSES)
    layout = Layout('CIFARStem', CHANNELS, 2, NUM_CLASSES, image_size=9)
    derived = DerivedClassifier(genotype, layout, NUM_CLASSES, aux=False)
    assert_equal_networks(supernet, derived, genotype)


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('space', [DARTSSpace(), NASNetSpace(num_nodes=3)])
def test_darts_without_pools(
    space: SearchSpace, seed: int, random_genotype: RandomGenotype
) -> None:
    pool_free = replace(space, ops=tuple(op for op in space.ops if op not in POOLS))
    genotype = Genotype(space.to_config(), random_genotype(pool_free, seed).cells)
    supernet = Supernet(space, CHANNELS, NUM_CELLS, NUM_CLASSES)
    derived = DerivedClassifier(genotype, LAYOUT, NUM_CLASSES, aux=False)
    assert_equal_networks(supernet, derived, genotype)


@pytest.mark.parametrize('seed', SEEDS)
def test_darts_with_pools_up_to_the_norm_behind_them(
    seed: int, random_genotype: RandomGenotype
) -> None:
    space = DARTSSpace()
    genotype = random_genotype(space, seed)
    supernet = Supernet(space, CHANNELS, NUM_CELLS, NUM_CLASSES)
    derived = DerivedClassifier(genotype, LAYOUT, NUM_CLASSES, aux=False)
    follow_pools_by_norm(derived, genotype)
    ops = [op for cell in genotype.cells.values() for node in cell.nodes for op, _ in node]
    assert set(ops) & set(POOLS)
    assert_equal_networks(supernet, derived, genotype)

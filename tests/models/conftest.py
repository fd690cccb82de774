"""What the tests of networks share: random genotypes, random mix weights."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch

from ostrdet.models.weightings import MixWeights
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, CellSpec, Genotype

RandomGenotype = Callable[[SearchSpace, int], Genotype]
RandomWeights = Callable[[SearchSpace], dict[str, MixWeights]]


@pytest.fixture
def random_genotype() -> RandomGenotype:
    """Draws a genotype of a space: any selectable operation on any allowed edges."""

    def draw(space: SearchSpace, seed: int) -> Genotype:
        rng = random.Random(seed)

        def draw_cell(spec: CellSpec) -> CellGenotype:
            nodes = tuple(
                tuple(
                    (rng.choice(space.selectable_ops), source)
                    for source in rng.sample(range(node), spec.kept(node))
                )
                for node in spec.nodes
            )
            return CellGenotype(nodes, spec.output)

        cells = {name: draw_cell(spec) for name, spec in space.cells.items()}
        return Genotype(space.to_config(), cells)

    return draw


@pytest.fixture
def random_weights() -> RandomWeights:
    """Draws a softmax over the candidates of every edge, for every cell type of a space."""

    def draw(space: SearchSpace) -> dict[str, MixWeights]:
        return {
            name: MixWeights(torch.randn(len(spec.edges), len(space.ops)).softmax(dim=-1))
            for name, spec in space.cells.items()
        }

    return draw


@pytest.fixture
def step_of(float64: None) -> Callable[..., Any]:
    """Makes a tiny searcher in double precision, with arguments, that has taken one step.

    The gradients that alpha's optimizer was given are kept.
    """
    from mmengine.optim import OptimWrapper, OptimWrapperDict
    from mmpretrain.structures import DataSample

    from ostrdet.engine.hooks.progress import set_progress
    from ostrdet.models.searchers import BilevelSearcher

    def make(**arguments: Any) -> BilevelSearcher:
        torch.manual_seed(0)
        space = {'type': 'NASBench201Space', 'num_nodes': 2}
        supernet = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1}
        searcher = BilevelSearcher({**supernet, 'num_classes': 3}, init_std=0.5, **arguments)
        set_progress(searcher, 0, 1)
        arch = OptimWrapper(torch.optim.SGD(searcher.arch_parameters, lr=0.1))
        arch.zero_grad = lambda: None
        weights = OptimWrapper(torch.optim.SGD(searcher.supernet.parameters(), lr=0.1))
        labels = [DataSample().set_gt_label(index % 3) for index in range(6)]
        data = {'inputs': torch.randn(6, 3, 8, 8), 'data_samples': labels}
        searcher.train_step((data, data), OptimWrapperDict(weights=weights, arch=arch))
        return searcher

    return make

"""What the tests of networks share: random genotypes, random mix weights."""

import random
from collections.abc import Callable

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

"""A cell drawn at random: the baseline that a search has to beat."""

from itertools import combinations
from math import prod
from random import Random

from ostrdet.spaces.base import SearchSpace
from ostrdet.structures import CellGenotype, Genotype


def random_genotype(space: SearchSpace, seed: int) -> Genotype:
    """Every node keeps edges drawn without replacement, each with an operation drawn uniformly.

    Only operations that a derived cell may hold are drawn. The draw depends on the space and the
    seed alone.

    Args:
        space: The space of the cells.
        seed: Seed of a generator of its own.
    """
    random = Random(seed)
    cells = {name: _random_cell(space, name, random) for name in space.cells}
    provenance = {'source': 'ostrdet.spaces.random_genotype', 'seed': seed}
    return Genotype(space.to_config(), cells, provenance)


def count_genotypes(space: SearchSpace) -> int:
    """The number of different genotypes that :func:`random_genotype` may draw.

    Examples:
        >>> from ostrdet.spaces import build_space
        >>> count_genotypes(build_space({'type': 'NASBench201Space'}))
        15625
    """
    return prod(
        _count_node(
            [len(space.selectable_ops_of(name, edge)) for edge in spec.incoming(node)],
            spec.kept(node),
        )
        for name, spec in space.cells.items()
        for node in spec.nodes
    )


def _count_node(ops_by_source: list[int], kept: int) -> int:
    return sum(prod(ops) for ops in combinations(ops_by_source, kept))


def _random_cell(space: SearchSpace, name: str, random: Random) -> CellGenotype:
    spec = space.cells[name]
    nodes = [
        tuple(
            (random.choice(space.selectable_ops_of(name, spec.incoming(node)[source])), source)
            for source in sorted(random.sample(range(node), spec.kept(node)))
        )
        for node in spec.nodes
    ]
    return CellGenotype(tuple(nodes), spec.output)

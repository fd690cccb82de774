"""A cell drawn at random: the baseline that a search has to beat."""

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

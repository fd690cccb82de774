"""Evolution of cells in a supernet that was trained path by path (SPOS)."""

from random import Random

from ostrdet.registry import CRITERIA
from ostrdet.selection.random_search import CellSearch, JudgedCells, check_number
from ostrdet.spaces import SearchSpace
from ostrdet.spaces.random_genotype import random_genotype
from ostrdet.structures import CellGenotype, Genotype

#: Draws of a child before a random cell takes its place.
TRIES = 10
Node = tuple[tuple[str, int], ...]


@CRITERIA.register_module()
class Evolution(CellSearch):
    """Generations of cells: mutations and crossovers of the best so far (Guo et al., ECCV 2020).

    The first generation is drawn at random. Every later one holds a half of mutations and a half of
    crossovers of the ``parents`` best cells so far; where a child is no new cell after ten draws, a
    random one takes its place. There is no bound of the cost of cells.

    Args:
        generations: Of which the first is random; published are 20.
        population: Cells of a generation; published are 50.
        parents: Published are 10.
        probability: Of a mutation of every operation, and of the inputs of every node; published is 0.1.
        options: As in :class:`CellSearch`.
    """

    cost = 'G P (B + K), with K minibatches for the statistics'

    def __init__(
        self,
        batches: int | None = None,
        when: str = 'end',
        statistics: str = 'recalibrated',
        seed: int = 0,
        generations: int = 20,
        population: int = 50,
        parents: int = 10,
        probability: float = 0.1,
    ) -> None:
        super().__init__(batches, when, statistics, seed)
        self._check_count('generations', generations, 1)
        self._check_count('population', population, 2)
        self._check_count('parents', parents, 1)
        self.generations, self.population = generations, population
        self.parents, self.probability = parents, probability

    def check_space(self, space: SearchSpace) -> None:
        """Check that the space has cells for all generations."""
        number = self.generations * self.population
        check_number(f'{type(self).__name__}: generations x population', number, space)

    def visit(self, judged: JudgedCells, random: Random) -> None:
        """Generation by generation."""
        for generation in range(self.generations):
            best = judged.ranked()[: self.parents]
            for index in range(self.population):
                judged(
                    self._child(judged, best, index, random) if generation else judged.fresh(random)
                )

    def _child(
        self, judged: JudgedCells, parents: list[Genotype], index: int, random: Random
    ) -> Genotype:
        space = judged.space
        for _ in range(TRIES):
            one, other = random.choice(parents), random.choice(parents)
            if index < self.population // 2:
                child = mutated(space, one, self.probability, random)
            else:
                child = crossed(one, other, random)
            if space.format(child) not in judged.cells:
                return child
        return judged.fresh(random)


def mutated(space: SearchSpace, parent: Genotype, probability: float, random: Random) -> Genotype:
    """A copy in which operations, and the inputs of nodes that choose theirs, are drawn anew."""
    drawn = random_genotype(space, random.getrandbits(63))
    cells = {}
    for name, spec in space.cells.items():
        nodes = []
        pairs = zip(spec.nodes, parent.cells[name].nodes, drawn.cells[name].nodes, strict=True)
        for node, old, new in pairs:
            if len(old) < node and random.random() < probability:
                nodes.append(new)
                continue
            choices = [space.selectable_ops_of(name, spec.incoming(node)[s]) for _, s in old]
            nodes.append(
                tuple(
                    (random.choice(ops) if random.random() < probability else op, source)
                    for ops, (op, source) in zip(choices, old, strict=True)
                )
            )
        cells[name] = CellGenotype(tuple(nodes), parent.cells[name].output)
    return Genotype(parent.space, cells)


def crossed(one: Genotype, other: Genotype, random: Random) -> Genotype:
    """Every edge is that of either parent; a node whose inputs differ is taken as a whole."""

    def node(first: Node, second: Node) -> Node:
        if [source for _, source in first] != [source for _, source in second]:
            return random.choice((first, second))
        return tuple(random.choice(edges) for edges in zip(first, second, strict=True))

    cells = {}
    for name, cell in one.cells.items():
        pairs = zip(cell.nodes, other.cells[name].nodes, strict=True)
        cells[name] = CellGenotype(tuple(node(*pair) for pair in pairs), cell.output)
    return Genotype(one.space, cells)

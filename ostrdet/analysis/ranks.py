"""Whether a score ranks the operations of an edge as their stand-alone accuracies do."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import spearmanr

from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, Edge, Genotype

#: Stand-alone accuracy of a cell in percent.
Accuracy = Callable[[Genotype], float]
#: Scores by criterion, then by cell type, (E, O); None of a criterion that saw no gradient.
Scores = Mapping[str, Mapping[str, Sequence[Sequence[float]]] | None]


@dataclass(frozen=True)
class EdgeVariants:
    """The cells that differ from a base cell in the operation of one edge.

    Attributes:
        cell_type: The cell type that is varied.
        index: The edge, as a row of alpha.
        edge: Its source and target.
        genotypes: By operation, the selectable ones in declared order; the base is among them.
    """

    cell_type: str
    index: int
    edge: Edge
    genotypes: Mapping[str, Genotype]


@dataclass(frozen=True)
class EdgeCorrelation:
    """How one criterion ranks the operations of one edge.

    Attributes:
        cell_type: The cell type.
        edge: Source and target.
        criterion: Name of the criterion.
        scores: Its scores by operation, higher is kept.
        accuracies: Stand-alone accuracies in percent by operation.
    """

    cell_type: str
    edge: Edge
    criterion: str
    scores: Mapping[str, float]
    accuracies: Mapping[str, float]

    @property
    def rho(self) -> float:
        """Spearman's rank correlation over the operations, in [-1, 1]; NaN without any ranking."""
        return spearman(list(self.scores.values()), list(self.accuracies.values()))


def edge_variants(space: SearchSpace, base: Genotype) -> Iterator[EdgeVariants]:
    """Every edge of ``base`` with every operation on it, all other edges as they are.

    Edges that the base does not keep are left out: a cell with one edge more is none of the space.

    Args:
        space: The space of the base.
        base: The cell of a search.
    """
    for name, spec in space.cells.items():
        for index, edge in enumerate(spec.edges):
            kept = base.cells[name].nodes[edge.target - spec.num_inputs]
            if any(source == edge.source for _, source in kept):
                position = edge.target - spec.num_inputs
                changed = {
                    op: _with_op(base, name, position, edge.source, op)
                    for op in space.selectable_ops
                }
                yield EdgeVariants(name, index, edge, changed)


def correlate(
    space: SearchSpace, base: Genotype, scores: Scores, accuracy: Accuracy
) -> list[EdgeCorrelation]:
    """Compare every criterion with stand-alone accuracies, edge by edge (Figs. 12 and 13).

    Args:
        space: The space of the search.
        base: The cell of the search, which keeps all edges but the varied one.
        scores: What the criteria gave, all candidates of the space in declared order.
        accuracy: The stand-alone accuracy of a cell; asked once for each cell.
    """
    known: dict[str, float] = {}

    def ask(genotype: Genotype) -> float:
        key = space.format(genotype)
        if key not in known:
            known[key] = accuracy(genotype)
        return known[key]

    found = []
    for variants in edge_variants(space, base):
        accuracies = {op: ask(genotype) for op, genotype in variants.genotypes.items()}
        for criterion, by_cell in scores.items():
            if by_cell is not None:
                row = by_cell[variants.cell_type][variants.index]
                of_op = {op: row[space.ops.index(op)] for op in accuracies}
                parts = variants.cell_type, variants.edge, criterion
                found.append(EdgeCorrelation(*parts, of_op, accuracies))
    return found


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation; NaN where one side is constant or not finite.

    Examples:
        >>> round(spearman([1, 2, 3], [10, 30, 20]), 3)
        0.5
        >>> spearman([1, 1, 1], [10, 30, 20])
        nan
    """
    finite = all(map(math.isfinite, (*first, *second)))
    if not finite or len(set(first)) < 2 or len(set(second)) < 2:
        return math.nan
    return float(spearmanr(first, second).statistic)


def _with_op(base: Genotype, cell_type: str, position: int, source: int, op: str) -> Genotype:
    """``base`` with ``op`` on the edge from ``source`` to the node at ``position``."""
    cell = base.cells[cell_type]
    nodes = list(cell.nodes)
    nodes[position] = tuple((op if s == source else old, s) for old, s in nodes[position])
    cells = {**base.cells, cell_type: CellGenotype(tuple(nodes), cell.output)}
    return Genotype(base.space, cells)

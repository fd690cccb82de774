"""What a budget chooses from: sums over edges, or a list of whole cells with their costs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ostrdet.selection.derivations.knapsack import Front, Ints, Items, front_of, merged
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, CellSpec, Genotype
from ostrdet.structures.cell_costs import CellCosts, Costs, NetworkCosts

#: More than any network costs, and far from overflow.
UNLIMITED = np.iinfo(np.int64).max // 2
#: By cell type, a whole number for every operation on every edge, shape (E, O).
WholeScores = Mapping[str, Ints]


class Menu(ABC):
    """All genotypes on offer.

    Args:
        space: The search space.
        costs: By unit, in the order of the columns of the costs of a front.
    """

    def __init__(self, space: SearchSpace, costs: Mapping[str, Costs]) -> None:
        self.space, self.costs = space, costs

    @abstractmethod
    def front(self, scores: WholeScores, limits: Ints) -> Front:
        """The genotypes that cost at most ``limits`` (K,), or all that no other one dominates.

        Returns:
            ``choices`` has a column for every edge of every cell type in order, as
            :func:`~ostrdet.selection.derivations.knapsack.front_of` has.
        """

    @abstractmethod
    def least(self, unit: str) -> int:
        """The smallest cost of any genotype."""

    def genotype(self, choice: Ints) -> Genotype:
        """The genotype of a row of ``choices``."""
        sizes = [len(spec.edges) for spec in self.space.cells.values()]
        parts = np.split(choice, np.cumsum(sizes)[:-1])
        cells = {
            name: _cell(self.space.ops, spec, part.tolist())
            for (name, spec), part in zip(self.space.cells.items(), parts, strict=True)
        }
        genotype = Genotype(self.space.to_config(), cells)
        self.space.validate(genotype)
        return genotype


class SumMenu(Menu):
    """All genotypes of a space whose costs are sums over their edges.

    Args:
        space: As in :class:`Menu`.
        costs: As in :class:`Menu`.
        max_edges: As in :class:`Derivation`.
    """

    def __init__(
        self, space: SearchSpace, costs: Mapping[str, NetworkCosts], max_edges: int | None
    ) -> None:
        super().__init__(space, costs)
        self.sums, self.max_edges = costs, max_edges
        self.fixed = np.array([one.fixed for one in costs.values()])

    def front(self, scores: WholeScores, limits: Ints) -> Front:
        """As in :class:`Menu`."""
        left = limits - self.fixed
        fronts = [front_of(self._items(n, scores[n], list(self.sums)), left) for n in scores]
        found = merged(fronts, left)
        choices = [f.choices[found.choices[:, i]] for i, f in enumerate(fronts)]
        return Front(found.scores, found.costs + self.fixed, np.hstack(choices))

    def least(self, unit: str) -> int:
        """As in :class:`Menu`."""
        total, no_limit = self.sums[unit].fixed, np.array([UNLIMITED])
        for name, spec in self.space.cells.items():
            zeros = np.zeros((len(spec.edges), len(self.space.ops)), np.int64)
            total += front_of(self._items(name, zeros, [unit]), no_limit).costs.min().item()
        return total

    def _items(self, name: str, scores: Ints, units: Sequence[str]) -> Items:
        space, spec = self.space, self.space.cells[name]
        costs = [self.sums[unit].totals(name) or np.zeros_like(scores) for unit in units]
        return Items(
            spec,
            [min(spec.kept(node), self.max_edges or node) for node in spec.nodes],
            [
                [space.ops.index(op) for op in space.selectable_ops_of(name, edge)]
                for edge in range(len(spec.edges))
            ],
            scores,
            np.stack([np.array(one, np.int64) for one in costs], axis=-1),
        )


class ListMenu(Menu):
    """The genotypes that a table lists, with a cost that is no sum over edges; all are looked at.

    Args:
        space: As in :class:`Menu`.
        costs: As in :class:`Menu`; at least one is a :class:`CellCosts`.
    """

    def __init__(self, space: SearchSpace, costs: Mapping[str, Costs]) -> None:
        super().__init__(space, costs)
        listed = next(one for one in costs.values() if isinstance(one, CellCosts)).genotypes
        choices = np.array([_row(space, genotype) for genotype in listed], np.int64)
        self.choices = choices[np.lexsort(choices.T[::-1])]  # as the space declares them
        columns = [
            np.array([one.of(genotype) for genotype in listed], np.int64)
            if isinstance(one, CellCosts)
            else one.fixed + _taken(space, {n: one.totals(n) for n in space.cells}, choices)
            for one in costs.values()
        ]
        self.amounts = np.stack(columns, axis=-1)[np.lexsort(choices.T[::-1])]

    def front(self, scores: WholeScores, limits: Ints) -> Front:
        """As in :class:`Menu`."""
        fits = (self.amounts <= limits).all(axis=1)
        taken = _taken(self.space, scores, self.choices[fits])
        return Front(taken, self.amounts[fits], self.choices[fits])

    def least(self, unit: str) -> int:
        """As in :class:`Menu`."""
        least: int = self.amounts[:, list(self.costs).index(unit)].min().item()
        return least


def _taken(space: SearchSpace, numbers: Mapping[str, Any], choices: Ints) -> Ints:
    """The sums of the numbers (E, O) by cell type that the rows of ``choices`` (S, E) take."""
    shape = {name: (len(spec.edges), len(space.ops)) for name, spec in space.cells.items()}
    parts = [n if len(n := numbers[name]) else np.zeros(shape[name]) for name in space.cells]
    table = np.vstack(parts).astype(np.int64)
    kept = np.where(choices >= 0, table[np.arange(len(table)), choices], 0)
    sums: Ints = kept.sum(axis=1)
    return sums


def _row(space: SearchSpace, genotype: Genotype) -> list[int]:
    row: list[int] = []
    for name, spec in space.cells.items():
        ops = [-1] * len(spec.edges)
        for node, edges in zip(spec.nodes, genotype.cells[name].nodes, strict=True):
            for op, source in edges:
                ops[spec.incoming(node)[source]] = space.ops.index(op)
        row += ops
    return row


def _cell(names: Sequence[str], spec: CellSpec, ops: Sequence[int]) -> CellGenotype:
    nodes = tuple(
        tuple((names[ops[e]], spec.edges[e].source) for e in spec.incoming(node) if ops[e] >= 0)
        for node in spec.nodes
    )
    return CellGenotype(nodes, spec.output)

"""Few skip connections in a cell: the rule of P-DARTS."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from torch import Tensor

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.registry import DERIVATIONS, nearest
from ostrdet.selection.derivations.base import Derivation
from ostrdet.selection.derivations.top_edges import Ranking, rankings
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellSpec, Genotype

_T = TypeVar('_T')
#: The rank of an edge that has nothing but the skip connection which it may not have.
LAST = -sys.float_info.max


@DERIVATIONS.register_module()
class MaxSkips(Derivation):
    """As :class:`TopEdges`, but with at most M skip connections in a cell (P-DARTS, Sect. 3.3).

    While the chosen cell holds more, its weakest skip connection is taken from the candidates of its
    edge, and edges and operations are chosen anew. Whatever criterion decides says which is weakest; of
    equal ones the last in declared order goes first.

    Args:
        most: M, at least 0; the paper has 2.
        cells: The cell types that are restricted.
        op: The operation of which there may be so few.
        max_edges: As in :class:`Derivation`.

    Raises:
        InvalidValueError: If ``most`` is negative.
    """

    def __init__(
        self,
        most: int = 2,
        cells: Sequence[str] = ('normal',),
        op: str = 'skip_connect',
        max_edges: int | None = None,
    ) -> None:
        super().__init__(max_edges)
        if most < 0:
            raise InvalidValueError(
                f'derivation.most={most}, expected a number of edges, at least 0'
            )
        self.most, self.cells, self.op = most, tuple(cells), op

    def check_space(self, space: SearchSpace) -> None:
        """Refuse spaces that lack a cell or the operation, or whose cells must hold more of it.

        Raises:
            UnknownNameError: If there is no such cell type or operation.
            InvalidValueError: If nodes must keep more edges on which nothing else can be chosen.
        """
        super().check_space(space)
        key = 'default_hooks.selector.derivation'
        if self.op not in space.selectable_ops:
            raise UnknownNameError(
                f"{key}.op='{self.op}'. {nearest(self.op, space.selectable_ops)}"
            )
        for cell in self.cells:
            if cell not in space.cells:
                raise UnknownNameError(f"{key}.cells: '{cell}'. {nearest(cell, space.cells)}")
            if (forced := self._forced(space, cell)) > self.most:
                raise InvalidValueError(
                    f"{key}.most={self.most}, but cell '{cell}' must keep {forced} edges with no other "
                    f"candidate than '{self.op}'; allow {forced}, or keep more candidates"
                )

    def __call__(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: Mapping[str, Tensor | None] | None = None,
        tie_rtol: float = 0.0,
    ) -> Genotype:
        """As in :class:`Derivation`."""
        ranked = rankings(space, scores, edge_weights, tie_rtol)
        others = rankings(self._without(space), scores, edge_weights, tie_rtol)
        limited = {
            n: self._limited(r, others[n]) if n in self.cells else r for n, r in ranked.items()
        }
        cells = {name: r.cell(space.cells[name], self.max_edges) for name, r in limited.items()}
        genotype = Genotype(space.to_config(), cells)
        space.validate(genotype)
        return genotype

    def _limited(self, ranking: Ranking, others: Ranking) -> Ranking:
        """The ranking with so many skips taken out that the cell keeps few enough."""
        while len(kept := self._skips(ranking)) > self.most:
            left = [edge for edge in kept if ranking.ranks[edge] != LAST]
            lowest = min(ranking.ranks[edge] for edge in left)
            reach = lowest + ranking.tie_rtol * abs(lowest)
            weakest = max(edge for edge in left if ranking.ranks[edge] <= reach)
            ranking = _exchanged(ranking, others, weakest)
        return ranking

    def _skips(self, ranking: Ranking) -> list[int]:
        """The edges that the cell keeps with the operation."""
        kept = (edge for node in ranking.spec.nodes for edge in ranking.kept(node, self.max_edges))
        return [edge for edge in kept if ranking.ops[edge] == self.op]

    def _without(self, space: SearchSpace) -> SearchSpace:
        """The space without the operation on edges that have another one to choose."""
        found = {}
        for name, spec in space.cells.items():
            edges = range(len(spec.edges))
            free = [self._has_other(space, name, edge) for edge in edges]
            found[name] = [
                [op for op in space.ops_of(name, edge) if not (free[edge] and op == self.op)]
                for edge in edges
            ]
        return replace(space, candidates=found)

    def _has_other(self, space: SearchSpace, cell: str, edge: int) -> bool:
        return set(space.selectable_ops_of(cell, edge)) != {self.op}

    def _forced(self, space: SearchSpace, cell: str) -> int:
        """How many edges a cell must keep on which there is nothing else to choose."""
        spec = space.cells[cell]
        return sum(self._forced_in(space, cell, spec, node) for node in spec.nodes)

    def _forced_in(self, space: SearchSpace, cell: str, spec: CellSpec, node: int) -> int:
        incoming = spec.incoming(node)
        kept = min(spec.kept(node), self.max_edges or len(incoming))
        return max(0, kept - sum(self._has_other(space, cell, edge) for edge in incoming))


def _exchanged(ranking: Ranking, others: Ranking, edge: int) -> Ranking:
    """The ranking in which an edge has its best other operation, or comes last where it has none."""
    has_other = others.ops[edge] != ranking.ops[edge]

    def exchanged(values: Sequence[_T], by: _T) -> list[_T]:
        return [by if index == edge else value for index, value in enumerate(values)]

    return replace(
        ranking,
        ops=exchanged(ranking.ops, others.ops[edge]),
        best=exchanged(ranking.best, others.best[edge]),
        ranks=exchanged(ranking.ranks, others.ranks[edge] if has_other else LAST),
    )

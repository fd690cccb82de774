"""The most probable cells of alpha, of which the supernet judges the best (SETN)."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random

from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import CRITERIA
from ostrdet.selection.random_search import BestOfN, JudgedCells
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, Genotype


@CRITERIA.register_module()
class MostProbable(BestOfN):
    """The best of the N cells of largest sum of log p over all edges (Dong and Yang, ICCV 2019).

    Args:
        candidates: N; published are 100.
        options: As in :class:`BestOfN`.

    Raises:
        InvalidValueError: If the space has fewer cells, or nodes that choose among their edges.
    """

    def check_space(self, space: SearchSpace) -> None:
        """As in :class:`BestOfN`; every node must keep all of its edges."""
        super().check_space(space)
        if any(spec.keep_edges is not None for spec in space.cells.values()):
            raise InvalidValueError(
                f'MostProbable takes an operation for every edge, but nodes of {type(space).__name__} '
                'keep some of their edges; use RandomSearch or Evolution'
            )

    def visit(self, judged: JudgedCells, random: Random) -> None:
        """The most probable cells, the first one first."""
        for genotype in islice(most_probable(judged.space, judged.like), self.candidates):
            judged(genotype)


def most_probable(space: SearchSpace, op_weights: Mapping[str, Tensor]) -> Iterator[Genotype]:
    """All cells by falling probability; equal ones by their operations in declared order.

    Args:
        space: A space whose nodes keep all edges.
        op_weights: By cell type, shape (E, O).
    """
    rows, names = [], []
    for name, weights_EO in op_weights.items():
        for edge, row_O in enumerate(weights_EO.detach().double().log().tolist()):
            ops = [space.ops.index(op) for op in space.selectable_ops_of(name, edge)]
            rows.append(sorted((-row_O[op], op) for op in ops))
            names.append(name)
    for chosen in smallest_sums(rows):
        by_cell: dict[str, list[int]] = {name: [] for name in op_weights}
        for name, op in zip(names, chosen, strict=True):
            by_cell[name].append(op)
        cells = {name: _cell(space, name, ops) for name, ops in by_cell.items()}
        yield Genotype(space.to_config(), cells)


def smallest_sums(rows: Sequence[Sequence[tuple[float, int]]]) -> Iterator[list[int]]:
    """One item of every row, by rising sum of their costs, from the best on.

    Args:
        rows: By row its (cost, item), sorted.

    Examples:
        >>> list(islice(smallest_sums([[(0.0, 7), (3.0, 8)], [(1.0, 5), (2.0, 6)]]), 3))
        [[7, 5], [7, 6], [8, 5]]
    """
    start = (0,) * len(rows)
    heap, seen = [(_total(rows, start), start)], {start}
    while heap:
        _, ranks = heapq.heappop(heap)
        yield [row[rank][1] for row, rank in zip(rows, ranks, strict=True)]
        for index, rank in enumerate(ranks):
            following = (*ranks[:index], rank + 1, *ranks[index + 1 :])
            if rank + 1 < len(rows[index]) and following not in seen:
                seen.add(following)
                heapq.heappush(heap, (_total(rows, following), following))


def _total(rows: Sequence[Sequence[tuple[float, int]]], ranks: Sequence[int]) -> float:
    return sum(row[rank][0] for row, rank in zip(rows, ranks, strict=True))


def _cell(space: SearchSpace, name: str, ops: Sequence[int]) -> CellGenotype:
    spec = space.cells[name]
    nodes = tuple(
        tuple((space.ops[ops[edge]], spec.edges[edge].source) for edge in spec.incoming(node))
        for node in spec.nodes
    )
    return CellGenotype(nodes, spec.output)

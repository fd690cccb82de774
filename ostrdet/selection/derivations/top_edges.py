"""Every node keeps its strongest edges, every edge its best operation: the rule of DARTS.

Ties go to the first in declared order: operations in the order of ``space.ops``, edges in the order
of ``CellSpec.edges``. Where a criterion has ties by identity, scores that are within a relative
tolerance of the best one tie with it, too: else the last bit would choose the architecture, and
another machine might choose another one. All other criteria compare exactly.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import DERIVATIONS
from ostrdet.selection.derivations.base import Derivation
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, CellSpec, Genotype


@DERIVATIONS.register_module()
class TopEdges(Derivation):
    """Keeps the edges whose best selectable operation scores highest, each with that operation."""

    def __call__(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: Mapping[str, Tensor | None] | None = None,
        tie_rtol: float = 0.0,
    ) -> Genotype:
        """See :func:`discretize`."""
        return discretize(space, scores, edge_weights, tie_rtol, self.max_edges)


def discretize(
    space: SearchSpace,
    scores: Mapping[str, Tensor],
    edge_weights: Mapping[str, Tensor | None] | None = None,
    tie_rtol: float = 0.0,
    max_edges: int | None = None,
) -> Genotype:
    """The cells that keep the highest scores.

    Every node keeps ``CellSpec.kept`` incoming edges: those whose best selectable operation scores
    highest, times the edge weight where there is one. Every kept edge takes that operation. The
    edges of a node are listed by source, whichever is stronger, so that equal cells are equal
    genotypes.

    Args:
        space: As in :class:`Derivation`, as are the next three.
        scores: By cell type, shape (E, O) each.
        edge_weights: By cell type, shape (E,), or None.
        tie_rtol: Relative distance of ties.
        max_edges: Edges that a node keeps at most; None for as many as the space keeps.

    Returns:
        A genotype of ``space``, without provenance.

    Raises:
        InvalidValueError: As in :class:`Derivation`.

    Examples:
        >>> from ostrdet.spaces import NASBench201Space
        >>> space = NASBench201Space(ops=('none', 'skip_connect'), num_nodes=2)
        >>> scores = torch.tensor([[0.1, 0.2], [0.4, 0.3], [0.5, 0.5]])
        >>> space.format(discretize(space, {'cell': scores}))
        '|skip_connect~0|+|none~0|none~1|'
    """
    cells = {
        name: ranking.cell(space.cells[name], max_edges)
        for name, ranking in rankings(space, scores, edge_weights, tie_rtol).items()
    }
    genotype = Genotype(space.to_config(), cells)
    space.validate(genotype)
    return genotype


@dataclass(frozen=True)
class Ranking:
    """The best operation of every edge of a cell, and how the edges compare.

    Attributes:
        spec: The cell.
        ops: By edge, the selectable operation that scores highest.
        best: By edge, its score.
        ranks: By edge, that score times the weight of the edge.
        tie_rtol: Relative distance of ties.
    """

    spec: CellSpec
    ops: Sequence[str]
    best: Sequence[float]
    ranks: Sequence[float]
    tie_rtol: float

    def kept(self, node: int, max_edges: int | None = None) -> list[int]:
        """The edges that ``node`` keeps, by source."""
        left, kept = list(self.spec.incoming(node)), []
        for _ in range(min(self.spec.kept(node), max_edges or len(left))):
            kept.append(_first_best(left, self.ranks, self.tie_rtol))
            left.remove(kept[-1])
        return sorted(kept)

    def cell(self, spec: CellSpec, max_edges: int | None) -> CellGenotype:
        """The cell that keeps the strongest edges of every node."""
        nodes = tuple(
            tuple((self.ops[edge], spec.edges[edge].source) for edge in self.kept(node, max_edges))
            for node in spec.nodes
        )
        return CellGenotype(nodes, spec.output)


def rankings(
    space: SearchSpace,
    scores: Mapping[str, Tensor],
    edge_weights: Mapping[str, Tensor | None] | None,
    tie_rtol: float,
) -> dict[str, Ranking]:
    """The ranking of every cell type; arguments and errors as in :class:`Derivation`."""
    weights = edge_weights if edge_weights is not None else dict.fromkeys(space.cells)
    _check_cells('scores', scores, space)
    _check_cells('edge_weights', weights, space)
    return {
        name: _ranking(space, name, scores[name], weights[name], tie_rtol) for name in space.cells
    }


def _ranking(
    space: SearchSpace,
    cell_type: str,
    scores_EO: Tensor,
    weights_E: Tensor | None,
    tie_rtol: float,
) -> Ranking:
    spec = space.cells[cell_type]
    weights_E = torch.ones(len(spec.edges)) if weights_E is None else weights_E
    _check_shape(f"scores['{cell_type}']", scores_EO, (len(spec.edges), len(space.ops)))
    _check_shape(f"edge_weights['{cell_type}']", weights_E, (len(spec.edges),))
    ops, best, ranks = [], [], []
    for index, (row, weight) in enumerate(zip(scores_EO.tolist(), weights_E.tolist(), strict=True)):
        where = f"cell '{cell_type}', edge {index} ({spec.edges[index]})"
        selectable = space.selectable_ops_of(cell_type, index)
        op = _best_op(space, where, row, selectable, tie_rtol)
        _check_finite(f'the weight of {where}', weight)
        ops.append(space.ops[op])
        best.append(row[op])
        ranks.append(row[op] * weight)
    return Ranking(spec, ops, best, ranks, tie_rtol)


def _best_op(
    space: SearchSpace, where: str, row: Sequence[float], ops: Sequence[str], tie_rtol: float
) -> int:
    selectable = [space.ops.index(op) for op in ops]
    for index in selectable:
        _check_finite(f"the score of {where}, op '{space.ops[index]}'", row[index])
    return _first_best(selectable, row, tie_rtol)


def _first_best(candidates: Sequence[int], values: Sequence[float], tie_rtol: float) -> int:
    """The first of the candidates whose value ties with the highest among them."""
    best = max(values[index] for index in candidates)
    return next(i for i in candidates if values[i] >= best - tie_rtol * abs(best))


def _check_cells(name: str, by_cell: Mapping[str, object], space: SearchSpace) -> None:
    if set(by_cell) != set(space.cells):
        raise InvalidValueError(
            f'{name} has the cell types {sorted(by_cell)}, {type(space).__name__} has '
            f'{sorted(space.cells)}'
        )


def _check_shape(name: str, tensor: Tensor, expected: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != expected:
        raise InvalidValueError(f'{name} has the shape {tuple(tensor.shape)}, expected {expected}')


def _check_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise InvalidValueError(f'{name} is {value}, expected a finite number')

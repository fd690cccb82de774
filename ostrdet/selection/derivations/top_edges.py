"""Every node keeps its strongest edges, every edge its best operation: the rule of DARTS.

Ties go to the first in declared order: operations in the order of ``space.ops``, edges in the order
of ``CellSpec.edges``. Where a criterion has ties by identity, scores that are within a relative
tolerance of the best one tie with it, too: else the last bit would choose the architecture, and
another machine might choose another one. All other criteria compare exactly.
"""

import math
from collections.abc import Mapping, Sequence

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
        return discretize(space, scores, edge_weights, tie_rtol)


def discretize(
    space: SearchSpace,
    scores: Mapping[str, Tensor],
    edge_weights: Mapping[str, Tensor | None] | None = None,
    tie_rtol: float = 0.0,
) -> Genotype:
    """The cells that keep the highest scores.

    Every node keeps ``CellSpec.kept`` incoming edges: those whose best selectable operation scores
    highest, times the edge weight where there is one. Every kept edge takes that operation. The
    edges of a node are listed by source, whichever is stronger, so that equal cells are equal
    genotypes.

    Args:
        space: Says which operations are selectable and how many edges a node keeps.
        scores: By cell type, higher is kept. Shape (E, O) each. Operations that the space never
            selects on an edge may have any score.
        edge_weights: By cell type, shape (E,), or None for no weights. For criteria with
            ``uses_edge_weights`` alone.
        tie_rtol: Scores within this relative distance of the best one tie with it.

    Returns:
        A genotype of ``space``, without provenance.

    Raises:
        InvalidValueError: If a cell type is missing or unknown, a shape does not fit the space, or
            a number that takes part in the ranking is not finite.

    Examples:
        >>> from ostrdet.spaces import NASBench201Space
        >>> space = NASBench201Space(ops=('none', 'skip_connect'), num_nodes=2)
        >>> scores = torch.tensor([[0.1, 0.2], [0.4, 0.3], [0.5, 0.5]])
        >>> space.format(discretize(space, {'cell': scores}))
        '|skip_connect~0|+|none~0|none~1|'
    """
    weights = edge_weights if edge_weights is not None else dict.fromkeys(space.cells)
    _check_cells('scores', scores, space)
    _check_cells('edge_weights', weights, space)
    cells = {
        cell_type: _discretize_cell(
            space, cell_type, scores[cell_type], weights[cell_type], tie_rtol
        )
        for cell_type in space.cells
    }
    genotype = Genotype(space.to_config(), cells)
    space.validate(genotype)
    return genotype


def _discretize_cell(
    space: SearchSpace,
    cell_type: str,
    scores_EO: Tensor,
    weights_E: Tensor | None,
    tie_rtol: float,
) -> CellGenotype:
    spec = space.cells[cell_type]
    weights_E = torch.ones(len(spec.edges)) if weights_E is None else weights_E
    _check_shape(f"scores['{cell_type}']", scores_EO, (len(spec.edges), len(space.ops)))
    _check_shape(f"edge_weights['{cell_type}']", weights_E, (len(spec.edges),))
    ops, ranks = [], []
    for index, (row, weight) in enumerate(zip(scores_EO.tolist(), weights_E.tolist(), strict=True)):
        where = f"cell '{cell_type}', edge {index} ({spec.edges[index]})"
        selectable = space.selectable_ops_of(cell_type, index)
        op = _best_op(space, where, row, selectable, tie_rtol)
        _check_finite(f'the weight of {where}', weight)
        ops.append(space.ops[op])
        ranks.append(row[op] * weight)
    nodes = tuple(
        tuple((ops[edge], spec.edges[edge].source) for edge in _kept(spec, node, ranks, tie_rtol))
        for node in spec.nodes
    )
    return CellGenotype(nodes, spec.output)


def _best_op(
    space: SearchSpace, where: str, row: Sequence[float], ops: Sequence[str], tie_rtol: float
) -> int:
    selectable = [space.ops.index(op) for op in ops]
    for index in selectable:
        _check_finite(f"the score of {where}, op '{space.ops[index]}'", row[index])
    return _first_best(selectable, row, tie_rtol)


def _kept(spec: CellSpec, node: int, ranks: Sequence[float], tie_rtol: float) -> list[int]:
    """The edges that ``node`` keeps, by source."""
    left, kept = list(spec.incoming(node)), []
    for _ in range(spec.kept(node)):
        kept.append(_first_best(left, ranks, tie_rtol))
        left.remove(kept[-1])
    return sorted(kept)


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

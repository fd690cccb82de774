"""Scores of all edges on one scale: each operation's share of the sum over its edge."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ostrdet.selection.derivations.top_edges import rankings
from ostrdet.spaces import SearchSpace

Floats = NDArray[np.float64]


def shares(
    space: SearchSpace,
    scores: Mapping[str, Tensor],
    edge_weights: Mapping[str, Tensor | None] | None = None,
    tie_rtol: float = 0.0,
) -> dict[str, Floats]:
    """The share of every selectable operation, times the weight of its edge; 0 for the others.

    The shares of an edge sum up to 1; where all scores are 0 they are equal. Where an edge has a score
    below 0, its lowest one is subtracted first.

    Args:
        space: As in :class:`Derivation`, as are the next three.
        scores: By cell type, shape (E, O) each.
        edge_weights: By cell type, shape (E,), or None.
        tie_rtol: Scores within this relative distance of the best one of the edge count as that one.

    Returns:
        By cell type, shape (E, O).

    Raises:
        InvalidValueError: As in :class:`Derivation`.
    """
    rankings(space, scores, edge_weights, tie_rtol)  # checks what it is given
    found = {}
    for name, spec in space.cells.items():
        weights = None if edge_weights is None else edge_weights[name]
        rows = _array(scores[name])
        out = np.zeros_like(rows)
        for edge in range(len(spec.edges)):
            ops = [space.ops.index(op) for op in space.selectable_ops_of(name, edge)]
            out[edge, ops] = _share(rows[edge, ops], tie_rtol)
        found[name] = out if weights is None else out * _array(weights)[:, None]
    return found


def _share(row: Floats, tie_rtol: float) -> Floats:
    best = row.max()
    row = np.where(row >= best - tie_rtol * abs(best), best, row)
    row = row - min(row.min(), 0.0)
    if not row.any():
        return np.full_like(row, 1 / len(row))
    # Sums of very large or very small numbers stay in range
    row = row / row.max()
    share: Floats = row / row.sum()
    return share


def _array(tensor: Tensor) -> Any:
    return tensor.detach().cpu().double().numpy()

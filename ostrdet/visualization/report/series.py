"""What the figures show: numbers per epoch that are derived from a trajectory."""

from collections.abc import Container, Sequence
from typing import NamedTuple

import numpy as np

from ostrdet.structures import CellGenotype, CellSpec


def shares(values_TEO: np.ndarray) -> np.ndarray:
    """The part of each operation in the sum over its edge, in percent.

    An edge keeps what scores highest on it, so scores matter only in proportion; the shares of every
    criterion have one scale, and that of weights.

    Args:
        values_TEO: Not negative. Shape (epochs, edges, operations).

    Returns:
        Same shape; NaN where the sum is zero.

    Examples:
        >>> shares(np.array([[[1.0, 3.0]]]))
        array([[[25., 75.]]])
    """
    total = np.nansum(values_TEO, axis=-1, keepdims=True)
    return 100 * np.divide(values_TEO, total, out=np.full_like(values_TEO, np.nan), where=total > 0)


class Margins(NamedTuple):
    """How clear the choice on every edge is.

    Attributes:
        percent: How far the runner-up trails the winner, in percent of the winner; 0 is a tie. Shape (epochs, edges).
        best: Index of the best operation, -1 where there are no scores. Same shape.
    """

    percent: np.ndarray
    best: np.ndarray


def margins(scores_TEO: np.ndarray, selectable: Sequence[int]) -> Margins:
    """The margin between the two best operations of every edge.

    Args:
        scores_TEO: Scores; NaN in epochs without, and for operations that an edge lacks. Shape (epochs,
            edges, operations).
        selectable: Indices of the operations that may be chosen.

    Examples:
        >>> margins(np.array([[[9.0, 2.0, 4.0]]]), [1, 2]).percent
        array([[50.]])
    """
    scores = scores_TEO[..., list(selectable)]
    known = ~np.isnan(scores).all(axis=-1)
    present = np.where(np.isnan(scores), -np.inf, scores)
    best = np.where(known, np.array(selectable)[present.argmax(axis=-1)], -1)
    top = np.sort(present, axis=-1)
    first = np.where(known, top[..., -1], 0.0)
    second = top[..., -2] if len(selectable) > 1 else np.zeros_like(first)
    second = np.where(np.isfinite(second), second, 0.0)
    gap = np.divide(first - second, first, out=np.zeros_like(first), where=first > 0)
    return Margins(100 * np.where(known, gap, np.nan), best)


def ratios(values_TEO: np.ndarray, first: int, second: int) -> np.ndarray:
    """What the operation ``first`` has over what ``second`` has, on every edge.

    Args:
        values_TEO: Not negative, NaN in epochs without. Shape (epochs, edges, operations).
        first: Index of an operation.
        second: Index of another.

    Returns:
        Shape (epochs, edges); NaN where ``second`` has nothing.

    Examples:
        >>> ratios(np.array([[[3.0, 2.0], [1.0, 0.0]]]), 0, 1)
        array([[1.5, nan]])
    """
    one_TE, other_TE = values_TEO[..., first], values_TEO[..., second]
    return np.divide(one_TE, other_TE, out=np.full_like(one_TE, np.nan), where=other_TE > 0)


def count_ops(cells: Sequence[CellGenotype | None], ops: Container[str]) -> np.ndarray:
    """Number of edges that carry one of ``ops``, per cell; NaN for no cell."""
    counts = [
        np.nan if cell is None else sum(op in ops for node in cell.nodes for op, _ in node)
        for cell in cells
    ]
    return np.array(counts, dtype=float)


def num_kept(spec: CellSpec) -> int:
    """Number of edges of a derived cell."""
    return sum(spec.kept(node) for node in spec.nodes)


def unchanged_epochs(choices: Sequence[object]) -> np.ndarray:
    """For how many epochs the choice has stayed what it is; 0 where it is new or None.

    Examples:
        >>> unchanged_epochs([None, 'a', 'a', 'b', 'b', 'b'])
        array([0, 0, 1, 0, 1, 2])
    """
    counts: list[int] = []
    for index, choice in enumerate(choices):
        same = index > 0 and choice is not None and choice == choices[index - 1]
        counts.append(counts[-1] + 1 if same else 0)
    return np.array(counts)

"""Decisions about single edges: which operation an edge keeps for good, or that it leaves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

#: Codes of an edge about which nothing is decided, and of one that left the cell.
UNDECIDED, REMOVED = -1, -2
#: By cell type, for every edge the column of its operation, or one of the two codes.
Decisions = Mapping[str, Sequence[int]]


def decided(weights_EO: 'Tensor', codes: Sequence[int]) -> 'Tensor':
    """A copy of weights of operations in which decided edges are one-hot, and removed ones 0.

    Args:
        weights_EO: Shape (E, O).
        codes: Decision of every edge, see :data:`Decisions`.

    Examples:
        >>> import torch
        >>> decided(torch.full((3, 2), 0.5), [UNDECIDED, 1, REMOVED]).tolist()
        [[0.5, 0.5], [0.0, 1.0], [0.0, 0.0]]
    """
    found_EO = weights_EO.clone()
    for edge, code in enumerate(codes):
        if code != UNDECIDED:
            found_EO[edge] = 0
        if code >= 0:
            found_EO[edge, code] = 1
    return found_EO


def settled(scores_EO: 'Tensor', codes: Sequence[int]) -> 'Tensor':
    """Scores by which every decided edge keeps its operation, and a removed one is below all that stay.

    Args:
        scores_EO: Shape (E, O).
        codes: Decision of every edge, see :data:`Decisions`.

    Examples:
        >>> import torch
        >>> settled(torch.tensor([[2.0, 3.0], [0.0, 0.0], [1.0, 1.0]]), [UNDECIDED, 1, REMOVED]).tolist()
        [[2.0, 3.0], [0.0, 4.0], [0.0, 0.0]]
    """
    low, high = min(float(scores_EO.min()), 0.0), float(scores_EO.max()) + 1
    found_EO = scores_EO.clone()
    for edge, code in enumerate(codes):
        if code != UNDECIDED:
            found_EO[edge] = low
        if code >= 0:
            found_EO[edge, code] = high
    return found_EO

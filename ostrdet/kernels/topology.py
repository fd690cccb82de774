"""Weights over groups of operations, and over the sets of edges that a node may keep (DOTS)."""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor

from ostrdet.kernels.constants import constant, pick
from ostrdet.structures import CellSpec


def grouped_softmax(logits_EO: Tensor, groups: Sequence[Sequence[int]]) -> Tensor:
    r"""A softmax within every group: :math:`p_o = e^{a_o} / \sum_{k \in G(o)} e^{a_k}` (DOTS, Eq. 2).

    Args:
        logits_EO: Minus infinity for what is absent. Shape (E, O).
        groups: Indices of the operations of each group; every operation is in one.

    Returns:
        Shape (E, O). A row sums to the number of groups that have a candidate on the edge; what is
        absent has the weight 0.

    Examples:
        >>> grouped_softmax(torch.zeros(1, 3), [[0, 2], [1]])
        tensor([[0.5000, 1.0000, 0.5000]])
    """
    columns = [column for group in groups for column in group]
    parts = []
    for group in groups:
        part_EG = pick(logits_EO.T, list(group)).T
        is_empty_E1 = (part_EG == -torch.inf).all(dim=-1, keepdim=True)
        weights_EG = part_EG.masked_fill(is_empty_E1, 0.0).softmax(dim=-1)
        parts.append(weights_EG.masked_fill(is_empty_E1, 0.0))
    back = [columns.index(op) for op in range(len(columns))]
    return pick(torch.cat(parts, dim=-1).T, back).T


def edge_sets(spec: CellSpec) -> list[list[tuple[int, ...]]]:
    """By node, the sets of incoming edges that it may keep, in lexical order: in DARTS all pairs.

    Examples:
        >>> edge_sets(CellSpec(num_inputs=2, num_nodes=2, output=(2, 3), keep_edges=2))
        [[(0, 1)], [(2, 3), (2, 4), (3, 4)]]
    """
    return [list(combinations(spec.incoming(node), spec.kept(node))) for node in spec.nodes]


def set_weights(betas_P: Tensor, spec: CellSpec, temperature: float) -> Tensor:
    r"""The weight of every set of edges, :math:`\mathrm{softmax}(\beta / T)` within a node (DOTS, Eq. 5).

    Args:
        betas_P: One number per set, in the order of :func:`edge_sets`. Shape (P,).
        spec: The cell.
        temperature: T, positive.

    Returns:
        Shape (P,).
    """
    sizes = [len(sets) for sets in edge_sets(spec)]
    return torch.cat([part.softmax(dim=0) for part in torch.split(betas_P / temperature, sizes)])


def edge_weights_of_sets(weights_P: Tensor, spec: CellSpec) -> Tensor:
    """The weight of every edge: the sum over the sets that hold it (DOTS, Eq. 6).

    Args:
        weights_P: Of every set. Shape (P,).
        spec: The cell.

    Returns:
        Shape (E,); those of a node sum to the number of edges that it keeps.
    """
    sets = [edges for of_node in edge_sets(spec) for edges in of_node]
    flags = tuple(float(edge in edges) for edge in range(len(spec.edges)) for edges in sets)
    member_EP = constant(flags, weights_P.dtype, weights_P.device).view(-1, len(sets))
    return member_EP @ weights_P

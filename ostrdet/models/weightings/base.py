"""How raw architecture parameters become the weights of operations and edges."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from ostrdet.structures import CellSpec


class MixWeights(NamedTuple):
    """What a cell of the supernet mixes with.

    Attributes:
        op_weights: Weight of every candidate on every edge, shape (E, O).
        edge_weights: Weight of every edge, shape (E,), or None for plain sums.
    """

    op_weights: Tensor
    edge_weights: Tensor | None = None


class Weighting(ABC):
    """Alpha (and beta) to weights; a subclass says how alpha becomes the weights of operations.

    Args:
        edge_norm: Whether every edge has a parameter beta, whose softmax over the incoming edges of
            a node weighs them (edge normalisation of PC-DARTS).
    """

    def __init__(self, edge_norm: bool = False) -> None:
        self.edge_norm = edge_norm

    def __call__(self, alphas_EO: Tensor, betas_E: Tensor | None, spec: CellSpec) -> MixWeights:
        """The weights of one cell type; differentiable in alpha and beta.

        Args:
            alphas_EO: Raw architecture parameters, shape (E, O).
            betas_E: Raw edge parameters, shape (E,); not read without edge normalisation.
            spec: The cell, which says which edges end in the same node.
        """
        op_weights = self.op_weights(alphas_EO)
        if not self.edge_norm:
            return MixWeights(op_weights)
        assert betas_E is not None, 'edge_norm needs beta'
        return MixWeights(op_weights, normalize_edges(betas_E, spec))

    @abstractmethod
    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """Weights of the candidates, shape (E, O)."""


def normalize_edges(betas_E: Tensor, spec: CellSpec) -> Tensor:
    """Softmax over the incoming edges of each node (PC-DARTS, Eq. 2); shape (E,)."""
    parts = [betas_E[list(spec.incoming(node))].softmax(dim=0) for node in spec.nodes]
    return torch.cat(parts)

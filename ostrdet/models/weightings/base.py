"""How raw architecture parameters become the weights of operations and edges."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn

from ostrdet.kernels.constants import pick
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellSpec
from ostrdet.structures.progress import Scheduled


class MixWeights(NamedTuple):
    """What a cell of the supernet mixes with.

    Attributes:
        op_weights: Weight of every candidate on every edge, shape (E, O).
        edge_weights: Weight of every edge, shape (E,), or None for plain sums.
        active: Which candidates are computed, bool on the CPU, shape (E, O); None for all. The
            others have the weight 0.
        added: Candidates whose weights are added to every element of the feature of their edge, bool,
            shape (E, O); None for none. Where their weight is 0, it changes gradients alone.
        set_weights: Weights of the sets of edges that a node may keep, shape (P,), of which those of
            edges are made; None for none.
    """

    op_weights: Tensor
    edge_weights: Tensor | None = None
    active: Tensor | None = None
    added: Tensor | None = None
    set_weights: Tensor | None = None


class Weighting(nn.Module, Scheduled, ABC):
    """Alpha (and beta) to weights; a subclass says how alpha becomes the weights of operations.

    The alpha of a candidate that an edge does not have is minus infinity, and its weight must be 0.

    Args:
        edge_norm: Whether every edge has a parameter beta, whose softmax over the incoming edges of
            a node weighs them (edge normalisation of PC-DARTS).

    Attributes:
        is_hard: Whether the supernet computes but one candidate of an edge in a step, so that criteria
            have nothing to compare it with.
        mixtures: Groups of candidates, by index, whose weights sum to one each; None for all together.
    """

    is_hard = False
    mixtures: tuple[tuple[int, ...], ...] | None = None

    def __init__(self, edge_norm: bool = False) -> None:
        super().__init__()
        self.edge_norm = edge_norm

    def read_space(self, space: SearchSpace) -> None:
        """Take what depends on the names of the operations; the searcher calls it once."""
        return

    def settle(self, alphas_EO: Tensor, before_EO: Tensor, mix: MixWeights) -> None:
        """Correct alpha in place after the step of its optimizer.

        Args:
            alphas_EO: Raw architecture parameters of a cell type after the step, shape (E, O).
            before_EO: The same before the step.
            mix: The weights under which the step was taken.
        """
        return

    def forward(
        self,
        alphas_EO: Tensor,
        betas_E: Tensor | None,
        spec: CellSpec,
        generator: Generator | None = None,
    ) -> MixWeights:
        """The weights of one cell type; differentiable in alpha and beta.

        Args:
            alphas_EO: Raw architecture parameters, shape (E, O).
            betas_E: Raw edge parameters, shape (E,); not read without edge normalisation.
            spec: The cell, which says which edges end in the same node.
            generator: For draws, of the CPU; in the same state on all processes. None draws nothing:
                validation, reports, derivations and criteria see those weights.
        """
        if generator is None:
            mix = MixWeights(self.op_weights(alphas_EO))
        else:
            mix = self.draw(alphas_EO, generator)
        if not self.edge_norm:
            return mix
        assert betas_E is not None, 'edge_norm needs beta'
        return self.with_edges(mix, betas_E, spec)

    def num_betas(self, spec: CellSpec) -> int:
        """How many parameters beta a cell has: one per edge."""
        return len(spec.edges)

    def with_edges(self, mix: MixWeights, betas: Tensor, spec: CellSpec) -> MixWeights:
        """``mix`` with the weights of edges that beta gives."""
        return mix._replace(edge_weights=normalize_edges(betas, spec))

    @abstractmethod
    def op_weights(self, alphas_EO: Tensor) -> Tensor:
        """Weights of the candidates without any draw, shape (E, O)."""

    def draw(self, alphas_EO: Tensor, generator: Generator) -> MixWeights:
        """Weights of the candidates in one pass of a step; a weighting that samples overrides it.

        One draw serves all cells of a type. The pass of the architecture and that of the weights
        draw one after the other.

        Args:
            alphas_EO: Raw architecture parameters, shape (E, O).
            generator: As in :meth:`forward`.

        Returns:
            No edge weights.
        """
        return MixWeights(self.op_weights(alphas_EO))


def normalize_edges(betas_E: Tensor, spec: CellSpec) -> Tensor:
    """Softmax over the incoming edges of each node (PC-DARTS, Eq. 2); shape (E,)."""
    parts = [pick(betas_E, list(spec.incoming(node))).softmax(dim=0) for node in spec.nodes]
    return torch.cat(parts)

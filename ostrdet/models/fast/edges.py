"""The edges that end in a node, as far as the fast engine knows their relaxation."""

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ostrdet.models.fast.hooks import has_hooks
from ostrdet.models.fast.node import mix_node
from ostrdet.models.fast.source import Source
from ostrdet.models.fast.weighted_sum import weighted_sum
from ostrdet.models.mixed_ops import MixedOp, PartialChannelMixedOp
from ostrdet.models.ops import concatenate, split_off
from ostrdet.models.weightings import MixWeights


class EdgeSums:
    """Sums of edges in one pass of a cell, in which edges share what belongs to their source.

    Args:
        edges: All edges of the cell.
        weights: What they mix with.
    """

    def __init__(self, edges: Sequence[Any], weights: MixWeights) -> None:
        self.edges, self.edge_weights = edges, weights.edge_weights
        scale = 1.0 if self.edge_weights is None else self.edge_weights[:, None]
        self.num_ops = weights.op_weights.shape[1]
        self.weights_K = (scale * weights.op_weights).flatten()
        self.parts: dict[tuple[int, int], tuple[Source, Tensor]] = {}
        self.passed: dict[tuple[int, int, int], Tensor] = {}

    def knows(self, incoming: Sequence[int]) -> bool:
        """Whether all these edges are of one known kind, and nobody watches them."""
        first = self.edges[incoming[0]]
        edges = [self.edges[index] for index in incoming]
        if type(first) is PartialChannelMixedOp:
            same = all(type(edge) is type(first) and edge.k == first.k for edge in edges)
            edges += [edge.mixed_op for edge in edges] if same else []
        else:
            same = type(first) is MixedOp and all(type(edge) is MixedOp for edge in edges)
        return same and not any(has_hooks(edge) for edge in edges)

    def __call__(
        self, incoming: Sequence[int], sources: Sequence[int], states: Sequence[Tensor]
    ) -> Tensor:
        """The sum of known edges, shape (N, C, H, W).

        Args:
            incoming: Indices of the edges.
            sources: The state that each of them reads.
            states: All states so far.
        """
        first = self.edges[incoming[0]]
        if isinstance(first, MixedOp):
            return self._mix(incoming, sources, states, states[0].shape[1])
        mixed = self._mix(incoming, sources, states, first.mixed)
        if first.k == 1:
            return mixed
        rests = [self._rest(*edge, states) for edge in zip(incoming, sources, strict=True)]
        if self.edge_weights is None:
            rest = sum(rests[1:], start=rests[0])
        else:
            rest = weighted_sum(self.edge_weights[list(incoming)], rests)
        return F.channel_shuffle(concatenate([mixed, rest]), first.k)

    def _mix(
        self, incoming: Sequence[int], sources: Sequence[int], states: Sequence[Tensor], width: int
    ) -> Tensor:
        edges: list[tuple[Source, int, Any]] = []
        for index, state in zip(incoming, sources, strict=True):
            edge = self.edges[index]
            mixed_op = edge if isinstance(edge, MixedOp) else edge.mixed_op
            source, _ = self._split(state, states, width)
            edges.append((source, index * self.num_ops, mixed_op.candidates))
        return mix_node(self.weights_K, edges)

    def _split(self, state: int, states: Sequence[Tensor], width: int) -> tuple[Source, Tensor]:
        """The first channels of a state, which are mixed, and the others."""
        if (state, width) not in self.parts:
            x = states[state]
            first, others = split_off(x, width) if width < x.shape[1] else (x, x[:, :0])
            self.parts[state, width] = Source(first), others
        return self.parts[state, width]

    def _rest(self, index: int, state: int, states: Sequence[Tensor]) -> Tensor:
        edge = self.edges[index]
        key = (state, edge.mixed, edge.stride)
        if key not in self.passed:
            _, others = self._split(state, states, edge.mixed)
            self.passed[key] = edge.pass_by(others)
        return self.passed[key]

"""The edges that end in a node, as far as the fast engine knows their relaxation."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.kernels.channels_last import concatenate, split_off
from ostrdet.kernels.constants import pick
from ostrdet.kernels.weighted_sum import weighted_sum
from ostrdet.models.fast.node import mix_node
from ostrdet.models.fast.source import Source, has_hooks
from ostrdet.models.mixed_ops import AuxiliarySkipMixedOp, MixedOp, PartialChannelMixedOp
from ostrdet.models.weightings import MixWeights


class EdgeSums:
    """Sums of edges in one pass of a cell, in which edges share what belongs to their source.

    Args:
        edges: All edges of the cell.
        sources: The state that each of them reads.
        nodes: By node, the indices of the edges that end in it.
        weights: What they mix with.
    """

    def __init__(
        self,
        edges: Sequence[Any],
        sources: Sequence[int],
        nodes: Sequence[Sequence[int]],
        weights: MixWeights,
    ) -> None:
        self.edges = [_inner(edge) for edge in edges]
        self.added = {i: edge for i, edge in enumerate(edges) if _inner(edge) is not edge}
        self.sources, self.edge_weights = sources, weights.edge_weights
        self.active = None if weights.active is None else weights.active.tolist()
        self.known = {index for node in nodes if self._are_known(node) for index in node}
        scale = 1.0 if self.edge_weights is None else self.edge_weights[:, None]
        self.weights_K = (scale * weights.op_weights).flatten()
        self.parts: dict[tuple[int, int], tuple[Source, Tensor]] = {}
        self.passed: dict[tuple[int, int, int], Tensor] = {}

    def knows(self, incoming: Sequence[int]) -> bool:
        """Whether the edges that end in a node are known, of one kind, and nobody watches them."""
        return self.known.issuperset(incoming)

    def _are_known(self, incoming: Sequence[int]) -> bool:
        if self.active is not None and not any(any(self.active[index]) for index in incoming):
            return False  # the edges themselves say how large their zeros are
        first = self.edges[incoming[0]]
        edges = [self.edges[index] for index in incoming]
        if type(first) is PartialChannelMixedOp:
            same = all(type(edge) is type(first) and edge.k == first.k for edge in edges)
            edges += [edge.mixed_op for edge in edges] if same else []
        else:
            same = all(_mixes_plainly(edge) for edge in edges)
        edges += [self.added[index] for index in incoming if index in self.added]
        return same and not any(has_hooks(edge) for edge in edges)

    def __call__(self, incoming: Sequence[int], states: Sequence[Tensor]) -> Tensor:
        """The sum of known edges, shape (N, C, H, W).

        Args:
            incoming: Indices of the edges.
            states: All states so far.
        """
        total = self._mixtures(incoming, states)
        for index in (index for index in incoming if index in self.added):
            edge, x = self.added[index], states[self.sources[index]]
            if edge.coefficient:
                scale = 1.0 if self.edge_weights is None else self.edge_weights[index]
                total = total + scale * edge.auxiliary(x)
        return total

    def _mixtures(self, incoming: Sequence[int], states: Sequence[Tensor]) -> Tensor:
        first = self.edges[incoming[0]]
        if isinstance(first, MixedOp):
            return self._mix(incoming, states, states[0].shape[1])
        mixed = self._mix(incoming, states, first.mixed)
        if first.k == 1:
            return mixed
        rests = [self._rest(index, states) for index in incoming]
        if self.edge_weights is None:
            rest = sum(rests[1:], start=rests[0])
        else:
            rest = weighted_sum(pick(self.edge_weights, list(incoming)), rests)
        return F.channel_shuffle(concatenate([mixed, rest]), first.k)

    def _mix(self, incoming: Sequence[int], states: Sequence[Tensor], width: int) -> Tensor:
        edges = [(self._split(self.sources[index], states, width)[0], index) for index in incoming]
        return mix_node(self.weights_K, edges)

    def _split(self, state: int, states: Sequence[Tensor], width: int) -> tuple[Source, Tensor]:
        """The first channels of a state, which are mixed, and the others."""
        if (state, width) not in self.parts:
            x = states[state]
            first, others = split_off(x, width) if width < x.shape[1] else (x, x[:, :0])
            leaving = {e: self._candidates(e) for e in self._leaving(state, width, x.shape[1])}
            self.parts[state, width] = Source(first, leaving, self.weights_K), others
        return self.parts[state, width]

    def _leaving(self, state: int, width: int, channels: int) -> Iterator[int]:
        """The known edges that mix the first ``width`` channels of a state."""
        for index in sorted(self.known):
            mixed = getattr(self.edges[index], 'mixed', channels)
            if (self.sources[index], mixed) == (state, width):
                yield index

    def _candidates(self, index: int) -> list[tuple[int, nn.Module]]:
        """The candidates of an edge that are computed, and the indices of their weights."""
        edge = self.edges[index]
        candidates: Sequence[nn.Module] = getattr(edge, 'mixed_op', edge).candidates
        numbered = enumerate(candidates, start=index * len(candidates))
        if self.active is None:
            return list(numbered)
        rows = zip(numbered, self.active[index], strict=True)
        return [candidate for candidate, is_active in rows if is_active]

    def _rest(self, index: int, states: Sequence[Tensor]) -> Tensor:
        edge, state = self.edges[index], self.sources[index]
        key = (state, edge.mixed, edge.stride)
        if key not in self.passed:
            _, others = self._split(state, states, edge.mixed)
            self.passed[key] = edge.pass_by(others)
        return self.passed[key]


def _inner(edge: Any) -> Any:
    """What mixes the candidates of an edge."""
    return edge.mixed_op if type(edge) is AuxiliarySkipMixedOp else edge


def _mixes_plainly(edge: Any) -> bool:
    """Whether an edge sums its candidates as ``MixedOp`` does, whatever they are."""
    return isinstance(edge, MixedOp) and type(edge).forward is MixedOp.forward

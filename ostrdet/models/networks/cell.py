"""A cell: the same graph for the supernet and for the derived network."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from ostrdet.kernels.channels_last import concatenate
from ostrdet.kernels.constants import pick
from ostrdet.models.fast import EdgeSums
from ostrdet.models.ops import FactorizedReduce, NormCfg, relu_conv_norm
from ostrdet.models.weightings import MixWeights
from ostrdet.structures import CellPlan, CellSpec, Edge

#: Makes the module of an edge from (index of the edge, channels, stride).
EdgeFactory = Callable[[int, int, int], nn.Module]


class Cell(nn.Module):
    """Nodes that sum their incoming edges; the output nodes are concatenated.

    Args:
        plan: Where the cell stands: what it reads, its width and stride.
        spec: Number of inputs and nodes, and whether the inputs are preprocessed.
        edges: The edges that exist, by target: all of the spec in a supernet, the chosen ones in a
            derived network.
        output: Nodes that are concatenated.
        make_edge: Makes the module of each edge.
        norm_cfg: Normalisation of the preprocessing.
        drop_path: What a derived network does to every operation but the identity, in training.
    """

    def __init__(
        self,
        plan: CellPlan,
        spec: CellSpec,
        edges: Sequence[Edge],
        output: Sequence[int],
        make_edge: EdgeFactory,
        norm_cfg: NormCfg,
        drop_path: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.wiring, self.output, self.num_nodes = tuple(edges), tuple(output), spec.num_nodes
        self.preprocess = nn.ModuleList(
            align(plan, index, norm_cfg) if spec.preprocess else nn.Identity()
            for index in range(spec.num_inputs)
        )
        self.edges = nn.ModuleList(
            make_edge(index, plan.channels, plan.stride if edge.source < spec.num_inputs else 1)
            for index, edge in enumerate(self.wiring)
        )
        self.drop_path = drop_path or nn.Identity()

    def forward(self, inputs: Sequence[Tensor], weights: MixWeights | None = None) -> Tensor:
        """Map the input states, (N, C_i, H_i, W_i) each, to the output (N, C', H, W).

        Args:
            inputs: Oldest state first.
            weights: What a supernet mixes with; None in a derived network.
        """
        states = self.aligned(inputs)
        for incoming in self.computed(weights):
            states.append(self.plain_node(incoming, states, weights))
        return self.concatenated(states)

    @property
    def incoming(self) -> list[list[int]]:
        """By node, the indices of the edges that end in it."""
        nodes = range(len(self.preprocess), len(self.preprocess) + self.num_nodes)
        return [[e for e, edge in enumerate(self.wiring) if edge.target == n] for n in nodes]

    def computed(self, weights: MixWeights | None) -> list[list[int]]:
        """:attr:`incoming` without edges of which no candidate is active: those are not there."""
        if weights is None or weights.active is None:
            return self.incoming
        is_there = weights.active.any(dim=-1).tolist()
        return [[e for e in node if is_there[e]] or node for node in self.incoming]

    def aligned(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """The input states, preprocessed."""
        return [module(x) for module, x in zip(self.preprocess, inputs, strict=True)]

    def plain_node(
        self, incoming: Sequence[int], states: Sequence[Tensor], weights: MixWeights | None
    ) -> Tensor:
        """The sum of the edges ``incoming``."""
        first, *others = (self._edge(e, states, weights) for e in incoming)
        return with_added(sum(others, start=first), incoming, weights)

    def concatenated(self, states: Sequence[Tensor]) -> Tensor:
        """The output nodes side by side."""
        if len(self.output) == 1:
            return states[self.output[0]]
        return concatenate([states[node] for node in self.output])

    def _edge(self, index: int, states: Sequence[Tensor], weights: MixWeights | None) -> Tensor:
        x, edge = states[self.wiring[index].source], self.edges[index]
        if weights is None:
            return edge(x) if isinstance(edge, nn.Identity) else self.drop_path(edge(x))
        few = () if weights.active is None else (weights.active[index].tolist(),)
        y = edge(x, weights.op_weights[index], *few)
        return y if weights.edge_weights is None else weights.edge_weights[index] * y


def with_added(state: Tensor, incoming: Sequence[int], weights: MixWeights | None) -> Tensor:
    """A node plus the weights of its edges that are added as they are (``MixWeights.added``)."""
    if weights is None or weights.added is None:
        return state
    rows = list(incoming)
    scalars_E = pick(weights.op_weights, rows).where(pick(weights.added, rows), 0.0).sum(dim=-1)
    if weights.edge_weights is not None:
        scalars_E = pick(weights.edge_weights, rows) * scalars_E
    return state + scalars_E.sum().to(state.dtype)


def align(plan: CellPlan, index: int, norm_cfg: NormCfg) -> nn.Module:
    """What brings an input to the cell's width, and to the size of the newest input."""
    state = plan.inputs[index]
    if state.stride < plan.inputs[-1].stride:
        return FactorizedReduce(state.channels, plan.channels, norm_cfg)
    return relu_conv_norm(state.channels, plan.channels, 1, 1, 0, norm_cfg)


class FastCell(Cell):
    """The modules, parameters and sums of ``Cell``, computed with less time and memory.

    In half precision, and under autocast, the plain way is taken: statistics from a covariance need
    full precision. Nodes with edges of an unknown kind are computed the plain way too, and every
    candidate that has hooks or layers unknown to the engine is called as it is.

    Attributes:
        on_gpu: Whether it is computed so on a GPU too. Off, since on the one GPU where it was tried
            (torch 2.11) gradients in double precision were not those of the plain way; see
            ``docs/performance.md``.
    """

    on_gpu: ClassVar[bool] = False

    def forward(self, inputs: Sequence[Tensor], weights: MixWeights | None = None) -> Tensor:
        """As in ``Cell``."""
        if weights is None or not self._is_fast_on(inputs[0]):
            return super().forward(inputs, weights)
        states = self.aligned(inputs)
        sources, nodes = [edge.source for edge in self.wiring], self.computed(weights)
        sums = EdgeSums(list(self.edges), sources, nodes, weights)
        for incoming in nodes:
            if sums.knows(incoming):
                states.append(with_added(sums(incoming, states), incoming, weights))
            else:
                states.append(self.plain_node(incoming, states, weights))
        return self.concatenated(states)

    def _is_fast_on(self, x: Tensor) -> bool:
        return _in_full_precision(x) and (self.on_gpu or not x.is_cuda)


def _in_full_precision(x: Tensor) -> bool:
    is_full = x.dtype in (torch.float32, torch.float64)
    # The device 'meta' knows no autocast
    return is_full and not (x.device.type != 'meta' and torch.is_autocast_enabled(x.device.type))

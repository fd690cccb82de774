"""The shape of a searched cell: its nodes, the edges between them, and what it puts out."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ostrdet.errors import InvalidValueError


class Edge(NamedTuple):
    """A directed edge between two nodes of a cell; ``source < target``."""

    source: int
    target: int


@dataclass(frozen=True)
class CellSpec:
    """A densely connected cell: every intermediate node reads every node before it.

    Nodes are numbered from 0: first the inputs, then the intermediate nodes. Edges are ordered by
    target, then by source; row e of alpha belongs to ``edges[e]``.

    Args:
        num_inputs: Number of input nodes (2 in the DARTS space, 1 in NAS-Bench-201).
        num_nodes: Number of intermediate nodes.
        output: Nodes whose states are concatenated to the cell's output, in this order.
        keep_edges: Incoming edges that a node of a derived cell keeps; None keeps all.
        preprocess: Whether the inputs first pass a ReLU-Conv-BN that brings them to the cell's
            width and size.

    Raises:
        InvalidValueError: If a number is below one or ``output`` names a node that does not exist.

    Examples:
        >>> CellSpec(num_inputs=1, num_nodes=2, output=(2,)).edges
        (Edge(source=0, target=1), Edge(source=0, target=2), Edge(source=1, target=2))
    """

    num_inputs: int
    num_nodes: int
    output: tuple[int, ...]
    keep_edges: int | None = None
    preprocess: bool = False

    def __post_init__(self) -> None:
        if min(self.num_inputs, self.num_nodes) < 1:
            raise InvalidValueError(f'a cell needs at least one input and one node, got {self}')
        if self.keep_edges is not None and not 1 <= self.keep_edges <= self.num_inputs:
            raise InvalidValueError(
                f'keep_edges must be None or between 1 and num_inputs={self.num_inputs} (the first '
                f'node has no more incoming edges), got {self.keep_edges}'
            )
        if not self.output or not set(self.output) <= set(range(self.num_states)):
            raise InvalidValueError(
                f'output must name nodes between 0 and {self.num_states - 1}, got {self.output}'
            )

    @property
    def num_states(self) -> int:
        """Number of nodes, inputs included."""
        return self.num_inputs + self.num_nodes

    @property
    def nodes(self) -> range:
        """The intermediate nodes."""
        return range(self.num_inputs, self.num_states)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All edges, in the order of the rows of alpha."""
        return tuple(Edge(source, target) for target in self.nodes for source in range(target))

    def incoming(self, node: int) -> range:
        """Indices into ``edges`` of the edges that end in ``node``."""
        first = sum(range(self.num_inputs, node))
        return range(first, first + node)

    def kept(self, node: int) -> int:
        """Number of incoming edges that ``node`` keeps in a derived cell."""
        return node if self.keep_edges is None else self.keep_edges

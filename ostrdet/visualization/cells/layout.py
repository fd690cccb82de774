"""Where the nodes, edges and labels of a cell stand: a ladder of nodes between lanes.

Nodes stand below each other in their order, so a node has the same place in every cell of a space,
whatever a search chose, and cells can be compared at a glance. An edge from the node above is a
straight line. Any other leaves its node at the side, follows a lane downwards, and comes in from the
side, where its label stands. Labels have rows of their own between the nodes and the lanes, so no label
covers anything but its own edge.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx

NODE_HALF_WIDTH, NODE_HALF_HEIGHT = 17.0, 10.0
#: Height of a label's row, between two nodes, and between two inputs, in points.
SLOT, GAP, INPUT_GAP = 16.0, 34.0, 10.0
#: Width of a character of a label, and what its frame adds, in points.
CHARACTER, FRAME = 6.4, 6.0
#: Room of an arrow's head, from labels to the first lane, and between lanes, in points.
ARROW, TO_LANES, LANE = 12.0, 8.0, 10.0

Point = tuple[float, float]
#: Left, bottom, right, top.
Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class NodePlace:
    """A node on the drawing: its middle, and half its size, in points."""

    y: float
    half_width: float
    half_height: float

    @property
    def out(self) -> float:
        """The height at which edges leave at the side: the lowest row."""
        return self.y - self.half_height + NODE_HALF_HEIGHT

    def slot(self, index: int) -> float:
        """The height of a row in which an edge comes in, counted from above."""
        return self.y + self.half_height - NODE_HALF_HEIGHT - SLOT * index

    @property
    def box(self) -> Rectangle:
        """What it covers."""
        return (
            -self.half_width,
            self.y - self.half_height,
            self.half_width,
            self.y + self.half_height,
        )


@dataclass(frozen=True)
class EdgePlace:
    """An edge on the drawing.

    Attributes:
        source: The node where it begins.
        target: The node where it ends.
        op: Its operation, '' for none.
        changed: Whether the cell before lacks it.
        was: The operation before, if it had another.
        stem: Where it leaves its node, and the point on its lane; empty for a straight edge. Edges of a
            node share it.
        points: The corners of its line, from the stem to the node where it ends.
        label_place: The middle of its label.
    """

    source: int
    target: int
    op: str
    changed: bool
    was: str | None
    stem: tuple[Point, ...]
    points: tuple[Point, ...]
    label_place: Point

    @property
    def label(self) -> Rectangle | None:
        """What its label covers; None without an operation."""
        if not self.op:
            return None
        (x, y), half = self.label_place, _label_width(self.op) / 2
        return x - half, y - SLOT / 2 + 1, x + half, y + SLOT / 2 - 1


@dataclass(frozen=True)
class CellLayout:
    """A cell on the drawing, in points; the nodes stand at x = 0, the first one at y = 0."""

    nodes: Mapping[int, NodePlace]
    edges: tuple[EdgePlace, ...]

    @property
    def left(self) -> float:
        """Where the drawing begins."""
        return min(x for x in self._reach())

    @property
    def right(self) -> float:
        """Where it ends."""
        return max(x for x in self._reach())

    @property
    def bottom(self) -> float:
        """The lower rim of the lowest node."""
        return min(place.box[1] for place in self.nodes.values())

    def _reach(self) -> Iterator[float]:
        boxes = [place.box for place in self.nodes.values()]
        boxes += [edge.label for edge in self.edges if edge.label]
        for left, _, right, _ in boxes:
            yield from (left, right)
        for edge in self.edges:
            yield from (x for x, _ in edge.points)


@dataclass(frozen=True)
class _Lane:
    """The way of an edge that is not straight: on which side, how far out, into which row."""

    side: int
    index: int = 0
    slot: int = 0


def layout_cell(graph: nx.MultiDiGraph) -> CellLayout:
    """Place a graph of :func:`~ostrdet.visualization.cells.graph.cell_graph`."""
    edges = [*graph.edges(data=True)]
    nodes, lanes = _nodes(graph), _lanes(edges)
    first = NODE_HALF_WIDTH + ARROW + TO_LANES
    first += max((_label_width(facts['op']) for *_, facts in edges if facts['op']), default=0.0)
    places = [_place(nodes, edge, lane, first) for edge, lane in zip(edges, lanes, strict=True)]
    return CellLayout(nodes, tuple(places))


def _label_width(text: str) -> float:
    return CHARACTER * len(text) + FRAME


def _nodes(graph: nx.MultiDiGraph) -> dict[int, NodePlace]:
    """The nodes from above; one is as high as the rows of its edges need, on the fuller side."""
    found: dict[int, NodePlace] = {}
    y, last = 0.0, max(graph.nodes)
    for node, facts in graph.nodes.items():
        searched = sum(bool(op) for *_, op in graph.in_edges(node, data='op'))
        rows = -(-searched // 2) + (node != last)
        half = max(NODE_HALF_HEIGHT, NODE_HALF_HEIGHT + SLOT * (rows - 1) / 2)
        if found:
            gap = INPUT_GAP if facts['is_input'] else GAP
            y -= found[node - 1].half_height + gap + half
        width = max(NODE_HALF_WIDTH, CHARACTER * len(facts['label']) / 2 + 4)
        found[node] = NodePlace(y, width, half)
    return found


def _lanes(edges: Sequence[tuple[int, int, Mapping[str, Any]]]) -> list[_Lane | None]:
    """The lane of every edge; None for a straight one. Edges of a node take both sides in turn."""
    sides = _sides(edges)
    found: dict[int, _Lane] = {}
    by_length = sorted(sides, key=lambda i: (edges[i][1] - edges[i][0], edges[i][0]))
    slots: Counter[tuple[int, int]] = Counter()
    for index in by_length:
        (source, target, _), side = edges[index], sides[index]
        taken = {
            lane.index
            for other, lane in found.items()
            if lane.side == side and edges[other][0] < target and source < edges[other][1]
        }
        number = next(lane for lane in range(len(edges)) if lane not in taken)
        found[index] = _Lane(side, number, slots[target, side])
        slots[target, side] += 1
    outermost = 1 + max((lane.index for lane in found.values() if lane.side > 0), default=-1)
    handed = {i for i, (*_, facts) in enumerate(edges) if not facts['op']}
    return [
        _Lane(1, outermost) if i in handed and not _is_straight(edges, i) else found.get(i)
        for i in range(len(edges))
    ]


def _sides(edges: Sequence[tuple[int, int, Mapping[str, Any]]]) -> dict[int, int]:
    """By the index of an edge that is not straight: -1 for the left, 1 for the right."""
    turns: Counter[int] = Counter()
    found = {}
    for index, (_, target, facts) in enumerate(edges):
        if facts['op'] and not _is_straight(edges, index):
            found[index] = 1 if turns[target] % 2 else -1
            turns[target] += 1
    return found


def _is_straight(edges: Sequence[tuple[int, int, Mapping[str, Any]]], index: int) -> bool:
    """Whether the edge comes from the node above, and is the first that does."""
    source, target, _ = edges[index]
    ends = [edge[:2] for edge in edges]
    return target == source + 1 and ends.index((source, target)) == index


def _place(
    nodes: Mapping[int, NodePlace],
    edge: tuple[int, int, Mapping[str, Any]],
    lane: _Lane | None,
    first: float,
) -> EdgePlace:
    source, target, facts = edge
    begin, end = nodes[source], nodes[target]
    if lane is None:
        top, tip = begin.y - begin.half_height, end.y + end.half_height
        points: tuple[Point, ...] = ((0.0, top), (0.0, tip))
        return EdgePlace(
            source, target, **facts, stem=(), points=points, label_place=_middle(points)
        )
    x, y = lane.side * (first + LANE * lane.index), end.slot(lane.slot)
    points = ((x, begin.out), (x, y), (lane.side * end.half_width, y))
    beside = lane.side * (end.half_width + ARROW + _label_width(facts['op']) / 2)
    stem = ((lane.side * begin.half_width, begin.out), points[0])
    return EdgePlace(source, target, **facts, stem=stem, points=points, label_place=(beside, y))


def _middle(points: Sequence[Point]) -> Point:
    (x, above), (_, below) = points
    return x, (above + below) / 2 + 3  # the head of the arrow is below

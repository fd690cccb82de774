"""Where the nodes, edges and labels of a cell stand: a ladder with arcs.

Nodes stand below each other in their order, and an edge that passes others by is an arc beside them,
the further out the more it passes. So a node has the same place in every cell of a space, whatever a
search chose, and cells can be compared at a glance; and labels, which stand at the tops of the arcs,
never meet, since no two arcs on one side share both height and place.
"""

from collections import Counter
from dataclasses import dataclass

import networkx as nx

#: Between neighbouring nodes, and between neighbouring arcs, in points.
ROW, COLUMN = 62.0, 40.0
NODE_HALF_WIDTH, NODE_HALF_HEIGHT = 17.0, 10.0
#: How far out the first arc passes: its label clears the node beside it.
FIRST_COLUMN = 68.0
#: Width of a character of a label, in points.
CHARACTER = 6.4


@dataclass(frozen=True)
class EdgePlace:
    """An edge on the drawing.

    Attributes:
        source: The node where it begins.
        target: The node where it ends.
        begin: The middle of the first node: (x, y) in points, y upwards.
        end: The middle of the second.
        bend: How far to the right of the nodes it passes, in points; negative is left.
        op: Its operation, '' for none.
        changed: Whether the cell before lacks it.
        was: The operation before, if it had another.
    """

    source: int
    target: int
    begin: tuple[float, float]
    end: tuple[float, float]
    bend: float
    op: str
    changed: bool
    was: str | None

    @property
    def label_place(self) -> tuple[float, float]:
        """The middle of the label."""
        (x, above), (_, below) = self.begin, self.end
        return x + self.bend, (above + below) / 2


@dataclass(frozen=True)
class CellLayout:
    """A cell on the drawing, in points; the nodes stand at x = 0, the first one at y = 0."""

    nodes: dict[int, tuple[float, float]]
    edges: tuple[EdgePlace, ...]
    left: float
    right: float
    bottom: float


def layout_cell(graph: nx.MultiDiGraph) -> CellLayout:
    """Place a graph of :func:`~ostrdet.visualization.cells.graph.cell_graph`."""
    nodes = {node: (0.0, -ROW * row) for row, node in enumerate(graph.nodes)}
    parallel: Counter[tuple[int, int]] = Counter()
    edges = []
    for source, target, facts in graph.edges(data=True):
        bend = _bend(source, target, parallel[source, target], bool(facts['op']))
        parallel[source, target] += 1
        edges.append(EdgePlace(source, target, nodes[source], nodes[target], bend, **facts))
    reach = [(e.label_place[0], _half_width(e)) for e in edges]
    return CellLayout(
        nodes,
        tuple(edges),
        left=min(-NODE_HALF_WIDTH, *(x - half for x, half in reach)),
        right=max(NODE_HALF_WIDTH, *(x + half for x, half in reach)),
        bottom=min(y for _, y in nodes.values()),
    )


def _bend(source: int, target: int, twins: int, is_searched: bool) -> float:
    """Even sources bend to the left, odd ones to the right; a twin takes the other side."""
    passed = target - source - 1 + twins
    if passed == 0:
        return 0.0
    side = -1 if (source + twins) % 2 == 0 and is_searched else 1
    return side * (FIRST_COLUMN + COLUMN * (passed - 1))


def _half_width(edge: EdgePlace) -> float:
    return CHARACTER * max(len(edge.op), len(edge.was or '') + 4 if edge.changed else 0) / 2 + 4

"""Drawings of cells: inputs above, the output below, every edge with its operation."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from PIL import Image

from ostrdet.errors import GenotypeError
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype
from ostrdet.visualization.cells.graph import edge_name, genotype_graphs, to_dot
from ostrdet.visualization.cells.layout import (
    CHARACTER,
    NODE_HALF_HEIGHT,
    CellLayout,
    EdgePlace,
    NodePlace,
    Point,
    layout_cell,
)
from ostrdet.visualization.style import (
    GRID,
    INK,
    PALETTE,
    PAPER,
    line_style,
    new_figure,
    save_figure,
    styled,
)

MARGIN, TITLE, GAP = 16.0, 18.0, 24.0
#: Height of a line below a cell, and radius of an edge's corners, in points.
ROW, RADIUS = 14.0, 6.0
#: What marks an edge that the epoch before did not have.
CHANGED = PALETTE[4]


def cells_figure(
    genotype: Genotype,
    previous: Genotype | None = None,
    title: str | None = None,
    only: str | None = None,
) -> Figure:
    """All cells of a genotype beside each other.

    Call it within :func:`~ostrdet.visualization.style.styled`.

    Args:
        genotype: What to draw.
        previous: Edges that this one lacks are marked, and listed below the cell.
        title: A line above the cells.
        only: The cell type to draw; None draws all.
    """
    graphs = genotype_graphs(genotype, previous)
    graphs = graphs if only is None else {only: graphs[only]}
    heads = [f'{name} cell' if len(graphs) > 1 else '' for name in graphs]
    return _beside([*zip(heads, graphs.values(), strict=True)], genotype, title)


def genotypes_figure(genotypes: Mapping[str, Genotype], title: str | None = None) -> Figure:
    """The cells of several genotypes of a space beside each other, each below the lines of its key.

    Call it within :func:`~ostrdet.visualization.style.styled`.
    """
    found = []
    for head, genotype in genotypes.items():
        graphs = genotype_graphs(genotype)
        for name, graph in graphs.items():
            found.append((head + (f'\n{name} cell' if len(graphs) > 1 else ''), graph))
    return _beside(found, next(iter(genotypes.values())), title)


def _beside(
    cells: Sequence[tuple[str, nx.MultiDiGraph]], genotype: Genotype, title: str | None
) -> Figure:
    """Cells below their headings, all of the space of a genotype."""
    places = [(head, graph, layout_cell(graph)) for head, graph in cells]
    lines = max(head.count('\n') + 1 if head else 0 for head, _ in cells)
    top = TITLE * (lines + (title is not None)) + MARGIN + NODE_HALF_HEIGHT
    bottom = min(p.bottom - ROW * len(_changes(p)) for *_, p in places) - MARGIN
    spans = [_span(head, place) for head, _, place in places]
    width = 2 * MARGIN + sum(right - left + GAP for left, right in spans) - GAP
    figure = new_figure(width, top - bottom)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(bottom, top))
    axes.set_axis_off()
    if title is not None:
        axes.text(width / 2, top - TITLE / 2 - 4, title, ha='center', va='center', weight='bold')
    ops, x = build_space(genotype.space).ops, MARGIN
    for (head, graph, place), (left, right) in zip(places, spans, strict=True):
        axes.text(x - left, NODE_HALF_HEIGHT + 12, head, ha='center', linespacing=1.4)
        _draw(axes, graph, place, x - left, ops)
        x += right - left + GAP
    return figure


def _span(head: str, place: CellLayout) -> tuple[float, float]:
    """From where to where a cell with its heading reaches."""
    half = CHARACTER * max(map(len, head.split('\n'))) / 2
    return min(place.left, -half), max(place.right, half)


def cells_image(genotype: Genotype, previous: Genotype | None = None) -> np.ndarray:
    """The drawing as pixels: uint8, shape (H, W, 3), for logs that take pictures."""
    with styled():
        figure = cells_figure(genotype, previous)
        buffer = io.BytesIO()
        figure.savefig(buffer, format='png', dpi=144)
    return np.asarray(Image.open(buffer).convert('RGB'))


def op_styles(ops: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """Colour and dashes of every operation: the same in all figures of a space."""
    return {op: line_style(index) for index, op in enumerate(ops)}


def _draw(
    axes: Axes, graph: nx.MultiDiGraph, place: CellLayout, x: float, ops: Sequence[str]
) -> None:
    for node, box in place.nodes.items():
        _draw_node(axes, graph.nodes[node], box, x)
    styles = op_styles(ops)
    for edge in place.edges:
        style = styles.get(edge.op, {'color': GRID, 'linestyle': 'solid'})
        _draw_edge(axes, edge, x, style)
        _label_edge(axes, edge, x)
    for row, text in enumerate(_changes(place), 1):
        axes.text(x, place.bottom - ROW * row, text, ha='center', va='center')


def _draw_node(axes: Axes, facts: Mapping[str, Any], place: NodePlace, x: float) -> None:
    is_end = facts['is_input'] or facts['is_output']
    left, bottom, right, top = place.box
    box = FancyBboxPatch(
        (x + left, bottom),
        right - left,
        top - bottom,
        f'round,pad=0,rounding_size={2 if is_end else NODE_HALF_HEIGHT}',
        facecolor=PAPER,
        edgecolor=INK,
        zorder=3,
    )
    axes.add_patch(box)
    axes.text(x, place.y, facts['label'], ha='center', va='center_baseline', zorder=4)


def _draw_edge(axes: Axes, edge: EdgePlace, x: float, style: Mapping[str, Any]) -> None:
    if edge.stem:
        look: dict[str, Any] = {'color': INK, 'zorder': 1.5} if edge.op else {'color': GRID}
        across, heights = zip(*edge.stem, strict=True)
        axes.plot([x + dx for dx in across], heights, linewidth=1, **look)
        axes.plot(x + across[1], heights[1], 'o', markersize=3, **look)
    corners = [(x + dx, y) for dx, y in edge.points]
    arrow = FancyArrowPatch(
        path=_rounded(corners),
        arrowstyle='-|>,head_length=4,head_width=2.2',
        linewidth=2.8 if edge.changed else 1.4,
        **style,
    )
    axes.add_patch(arrow)


def _rounded(corners: Sequence[Point]) -> Path:
    """A line through corners, rounded where it turns."""
    places, codes = [corners[0]], [Path.MOVETO]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        places += [_towards(corner, before), corner, _towards(corner, after)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*places, corners[-1]], [*codes, Path.LINETO])


def _towards(corner: Point, other: Point) -> Point:
    length = math.dist(corner, other)
    part = min(RADIUS, length / 2) / length
    return tuple(c + part * (o - c) for c, o in zip(corner, other, strict=True))  # type: ignore[return-value]


def _label_edge(axes: Axes, edge: EdgePlace, x: float) -> None:
    if not edge.op:
        return
    dx, y = edge.label_place
    box: dict[str, Any] = {
        'boxstyle': 'round,pad=0.12',
        'facecolor': PAPER,
        'edgecolor': CHANGED if edge.changed else 'none',
        'linewidth': 1.6,
    }
    axes.text(x + dx, y, edge.op, ha='center', va='center', bbox=box, zorder=2)


def _changes(place: CellLayout) -> list[str]:
    """A line for every edge that was not there before, in the order of the nodes."""
    return [
        f'{edge_name(edge.source, edge.target)}: ' + (f'was {edge.was}' if edge.was else 'new edge')
        for edge in place.edges
        if edge.changed
    ]


def draw_genotype(
    genotype: Genotype,
    path: str | FilePath,
    before: Genotype | None = None,
    title: str | None = None,
) -> None:
    """Draw all cells in the format of the suffix: SVG, PNG, PDF, or DOT, the language of Graphviz.

    Args:
        genotype: What to draw.
        path: The file.
        before: A genotype of the same space; the edges that it lacks are marked. Not in DOT.
        title: A line above the cells. Not in DOT.

    Raises:
        GenotypeError: If ``before`` belongs to another space.
        InvalidValueError: If matplotlib does not know the suffix.
        OSError: If the file can't be written.
    """
    path = FilePath(path)
    if before is not None and dict(before.space) != dict(genotype.space):
        raise GenotypeError(
            f'the genotype to compare with is of {dict(before.space)}, this one of '
            f'{dict(genotype.space)}; give two of one space'
        )
    if path.suffix.lower() == '.dot':
        path.write_text(to_dot(genotype), encoding='utf-8')
        return
    with styled():
        save_figure(cells_figure(genotype, before, title), path)

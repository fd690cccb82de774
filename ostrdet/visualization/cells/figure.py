"""Drawings of cells: inputs above, the output below, every edge with its operation."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from PIL import Image

from ostrdet.errors import GenotypeError
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype
from ostrdet.visualization.cells.graph import genotype_graphs, to_dot
from ostrdet.visualization.cells.layout import (
    NODE_HALF_HEIGHT,
    NODE_HALF_WIDTH,
    CellLayout,
    EdgePlace,
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
        previous: Edges that this one lacks are marked.
        title: A line above the cells.
        only: The cell type to draw; None draws all.
    """
    graphs = genotype_graphs(genotype, previous)
    graphs = graphs if only is None else {only: graphs[only]}
    layouts = {name: layout_cell(graph) for name, graph in graphs.items()}
    top = TITLE * ((len(graphs) > 1) + (title is not None)) + MARGIN + NODE_HALF_HEIGHT
    height = top + MARGIN + NODE_HALF_HEIGHT - min(place.bottom for place in layouts.values())
    width = 2 * MARGIN + sum(p.right - p.left + GAP for p in layouts.values()) - GAP
    figure = new_figure(width, height)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(top - height, top))
    axes.set_axis_off()
    if title is not None:
        axes.text(width / 2, top - TITLE / 2 - 4, title, ha='center', va='center', weight='bold')
    ops, x = build_space(genotype.space).ops, MARGIN
    for name, place in layouts.items():
        if len(layouts) > 1:
            axes.text(x - place.left, NODE_HALF_HEIGHT + 12, f'{name} cell', ha='center')
        _draw(axes, graphs[name], place, x - place.left, ops)
        x += place.right - place.left + GAP
    return figure


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
    for node, (_, y) in place.nodes.items():
        _draw_node(axes, graph.nodes[node], x, y)
    styles = op_styles(ops)
    for edge in place.edges:
        style = styles.get(edge.op, {'color': GRID, 'linestyle': 'solid'})
        arrow = FancyArrowPatch(
            *((x + dx, y) for dx, y in (edge.begin, edge.end)),
            connectionstyle=f'arc3,rad={-2 * edge.bend / (edge.begin[1] - edge.end[1])}',
            arrowstyle='-|>,head_length=4,head_width=2.2',
            shrinkA=0,  # nodes cover where edges begin
            shrinkB=_node_radius(edge),
            linewidth=2.8 if edge.changed else 1.4,
            **style,
        )
        axes.add_patch(arrow)
        _label_edge(axes, edge, x)


def _draw_node(axes: Axes, facts: Mapping[str, Any], x: float, y: float) -> None:
    corner = (x - NODE_HALF_WIDTH, y - NODE_HALF_HEIGHT)
    is_end = facts['is_input'] or facts['is_output']
    box = FancyBboxPatch(
        corner,
        2 * NODE_HALF_WIDTH,
        2 * NODE_HALF_HEIGHT,
        f'round,pad=0,rounding_size={2 if is_end else NODE_HALF_HEIGHT}',
        facecolor=PAPER,
        edgecolor=INK,
        zorder=3,
    )
    axes.add_patch(box)
    axes.text(x, y, facts['label'], ha='center', va='center_baseline', zorder=4)


def _node_radius(edge: EdgePlace) -> float:
    """From the middle of a node to its rim, where the edge comes in: clipping at patches is slow."""
    across, down = 2 * edge.bend, (edge.begin[1] - edge.end[1]) / 2
    length = math.hypot(across, down)
    return length / max(abs(across) / NODE_HALF_WIDTH, down / NODE_HALF_HEIGHT) + 1


def _label_edge(axes: Axes, edge: EdgePlace, x: float) -> None:
    if not edge.op:
        return
    dx, y = edge.label_place
    box: dict[str, Any] = {
        'boxstyle': 'round,pad=0.15',
        'facecolor': PAPER,
        'edgecolor': 'none',
        'linewidth': 1.6,
    }
    text = edge.op
    if edge.changed:
        text += f'\nwas {edge.was}' if edge.was else '\nnew edge'
        box['edgecolor'] = CHANGED
    axes.text(x + dx, y, text, ha='center', va='center', bbox=box, zorder=2)


def draw_genotype(
    genotype: Genotype,
    path: str | Path,
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
    path = Path(path)
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

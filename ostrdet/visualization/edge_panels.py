"""A small chart per edge: how the share of every operation moved.

A search space can have a hundred edges and more in all figures of a page. So the axes, which all
edges of a figure share, are drawn once, and every panel refers to them and adds its lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ostrdet.visualization.curves import box, name_axes
from ostrdet.visualization.style import inline_group, line_style, new_figure, styled

WIDTH, HEIGHT = 178.0, 132.0
LEFT, RIGHT, BOTTOM, TOP = 42.0, 5.0, 34.0, 6.0


@dataclass(frozen=True)
class PanelLine:
    """A line of a panel: the points of an SVG ``<polyline>``, and the classes of its style."""

    op: int
    points: str
    is_best: bool


@dataclass(frozen=True)
class Panels:
    """The panels of a figure.

    Attributes:
        key: Names the axes on the page.
        axes: The ``<g>`` of the axes that all panels share.
        lines: By edge, in order.
        size: Width and height of a panel, in pixels.
    """

    key: str
    axes: Markup
    lines: Mapping[str, Sequence[PanelLine]]
    size: tuple[float, float] = (WIDTH, HEIGHT)


def edge_panels(
    key: str,
    unit: str,
    epochs: np.ndarray,
    edges: Sequence[str],
    values_TEO: np.ndarray,
    selectable: Sequence[int],
) -> Panels | None:
    """Panels of one quantity; None if it has no number yet.

    Args:
        key: Names the figure; unique on the page.
        unit: Name and unit of the vertical axis.
        epochs: Shape (T,).
        edges: Names of the E edges.
        values_TEO: Shape (T, E, O), NaN where there is none.
        selectable: Indices of the operations that may be chosen.
    """
    if not np.isfinite(values_TEO).any():
        return None
    with styled():
        figure = new_figure(WIDTH, HEIGHT)
        axes = figure.add_axes(box(WIDTH, HEIGHT, LEFT, BOTTOM, RIGHT, TOP))
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.set_ylim(*_limits(values_TEO))
        name_axes(axes, 'epoch', unit)
        frame = Markup(inline_group(figure, f'axes of {key}'))
        to_pixels = axes.transData.frozen()
    lines = {
        edge: list(_lines(epochs, values_TEO[:, index], selectable, to_pixels))
        for index, edge in enumerate(edges)
    }
    return Panels(key, frame, lines)


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = np.nanmin(values), np.nanmax(values)
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _lines(
    epochs: np.ndarray, values_TO: np.ndarray, selectable: Sequence[int], to_pixels: Any
) -> Iterator[PanelLine]:
    """The lines of an edge; the best operation of the last epoch comes last, above the others."""
    last = np.nan_to_num(values_TO[-1])
    best = max(selectable, key=lambda op: last[op])
    for op in sorted(range(values_TO.shape[-1]), key=lambda op: op == best):
        known = np.isfinite(values_TO[:, op])
        x, y = to_pixels.transform(np.stack([epochs[known], values_TO[known, op]], axis=-1)).T
        places = zip(x, HEIGHT - y, strict=True)
        points = ' '.join(f'{a:.1f},{b:.1f}' for a, b in places)
        yield PanelLine(op, points, is_best=op == best)


def dash_array(index: int) -> str:
    """The dashes of :func:`~ostrdet.visualization.style.line_style` as SVG writes them."""
    dashes = line_style(index)['linestyle']
    return 'none' if dashes == 'solid' else ' '.join(f'{1.6 * part:g}' for part in dashes[1])

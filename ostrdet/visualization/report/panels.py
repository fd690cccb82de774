"""The trajectories of the report: a panel for every edge, for the weights and every criterion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ostrdet.records.history import SearchHistory
from ostrdet.structures import Genotype
from ostrdet.visualization.curves import box, name_axes
from ostrdet.visualization.report.pictures import edge_names
from ostrdet.visualization.report.series import shares
from ostrdet.visualization.report.text import cell_title, meaning, selectable
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


@dataclass(frozen=True)
class Trajectories:
    """A quantity on all edges of a cell.

    Attributes:
        title: What is shown.
        caption: How to read it.
        panels: The panels.
        kept: By edge, what the criterion keeps on it: an operation, 'not kept', or '' if unknown.
        is_open: Whether the page shows it at once.
    """

    title: str
    caption: str
    panels: Panels
    kept: Mapping[str, str]
    is_open: bool


def trajectories(history: SearchHistory) -> Iterator[Trajectories]:
    """The weights first, then the deciding criterion, then the others."""
    for cell in history.space.cells:
        weights = history.values('op_weights', cell)
        same = [c for c in history.criteria if _equal(history.values('scores', cell, c), weights)]
        chooser = same[0] if same else None
        yield from _trajectories(history, cell, 'Weights', chooser, 100 * weights)
    for criterion in history.criteria:
        for cell in history.space.cells:
            scores = history.values('scores', cell, criterion)
            if not _equal(scores, history.values('op_weights', cell)):
                yield from _trajectories(history, cell, criterion, criterion, shares(scores))


def _equal(scores: np.ndarray, weights: np.ndarray) -> bool:
    return np.allclose(scores, weights, rtol=1e-5, atol=0)


def _trajectories(
    history: SearchHistory, cell: str, name: str, criterion: str | None, values: np.ndarray
) -> Iterator[Trajectories]:
    edges = edge_names(history.space.cells[cell])
    is_weight = name == 'Weights'
    panels = edge_panels(
        f'{name}-{cell}',
        'weight, %' if is_weight else 'share, %',
        history.epochs,
        edges,
        values,
        selectable(history),
    )
    if panels is None:
        return
    where = f'in the {cell_title(history, cell)}'
    if is_weight:
        title = f'Weights of the operations {where}'
        what = 'The softmax of alpha: how the supernet mixes the operations of an edge.'
        what += f' {criterion} keeps the highest.' if criterion else ''
    else:
        title = f'Scores of {criterion} {where}'
        what = 'The part of every operation in the sum of the scores of its edge. The score is '
        what += f'{meaning(name)}.' if meaning(name) else f'that of {name}.'
    yield Trajectories(
        title,
        f'{what} The thick line leads now, of the operations that may be chosen.',
        panels,
        _kept(history, cell, criterion, edges),
        is_open=is_weight or criterion == history.facts.criterion,
    )


def _kept(
    history: SearchHistory, cell: str, criterion: str | None, edges: list[str]
) -> dict[str, str]:
    genotype = history.genotypes[criterion][-1] if criterion else None
    if genotype is None:
        return dict.fromkeys(edges, '')
    spec, kept = history.space.cells[cell], _kept_ops(genotype, cell, history)
    return {
        name: ', '.join(kept.get(edge, ())) or 'not kept'
        for name, edge in zip(edges, spec.edges, strict=True)
    }


def _kept_ops(
    genotype: Genotype, cell: str, history: SearchHistory
) -> Mapping[tuple[int, int], list[str]]:
    found: dict[tuple[int, int], list[str]] = {}
    spec = history.space.cells[cell]
    for node, edges in zip(spec.nodes, genotype.cells[cell].nodes, strict=True):
        for op, source in edges:
            found.setdefault((source, node), []).append(op)
    return found

"""How clear the choice on every edge is, epoch by epoch: a map of margins."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from ostrdet.visualization.curves import box
from ostrdet.visualization.report.series import Margins
from ostrdet.visualization.style import INK, inline_svg, new_figure, styled

WIDTH, ROW = 370.0, 17.0
LEFT, RIGHT, BOTTOM, TOP = 58.0, 124.0, 80.0, 20.0
DOT = '#fdfdfd'  # on light ground and on dark
COLOURS = 'cividis'  # equally bright steps for colour-blind readers


def margin_svg(
    label: str,
    epochs: np.ndarray,
    edges: Sequence[str],
    ops: Sequence[str],
    found: Margins,
    most: float,
) -> str:
    """A map of edges by epochs, coloured by margin; a dot marks a new best operation.

    To the right of every row stand the best operation of the last epoch and its margin.

    Args:
        label: What is shown; unique on the page.
        epochs: Shape (T,).
        edges: Names of the E edges.
        ops: Names of the operations.
        found: Margins, shape (T, E) each.
        most: The margin of the brightest colour, in percent.
    """
    with styled():
        height = ROW * len(edges) + BOTTOM + TOP
        figure = new_figure(WIDTH, height)
        axes = figure.add_axes(box(WIDTH, height, LEFT, BOTTOM, RIGHT, TOP))
        image = axes.imshow(
            found.percent.T,
            cmap=COLOURS,
            vmin=0,
            vmax=most,
            aspect='auto',
            interpolation='none',
            extent=(epochs[0] - 0.5, epochs[-1] + 0.5, len(edges) - 0.5, -0.5),
        )
        axes.scatter(*_new_bests(found, epochs), s=14, color=DOT, edgecolors=INK)
        axes.grid(visible=False)
        axes.set_yticks(range(len(edges)), edges)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel('epoch')
        axes.text(0, 1.02, 'edge', transform=axes.transAxes, ha='right', va='bottom')
        for row, text in enumerate(_last(found, ops)):
            place: Any = {'xytext': (4, 0), 'textcoords': 'offset points', 'va': 'center'}
            axes.annotate(text, (epochs[-1] + 0.5, row), fontsize=9, **place)
        bar = figure.add_axes((LEFT / WIDTH, 34 / height, 1 - (LEFT + RIGHT) / WIDTH, 7 / height))
        figure.colorbar(
            image, cax=bar, orientation='horizontal', label='margin, % of the best score'
        )
        return inline_svg(figure, label)


def _new_bests(found: Margins, epochs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and rows in which another operation than before is best."""
    before, after = found.best[:-1], found.best[1:]
    times, rows = np.nonzero((before != after) & (before >= 0) & (after >= 0))
    return epochs[times + 1], rows


def _last(found: Margins, ops: Sequence[str]) -> list[str]:
    pairs = zip(found.best[-1], found.percent[-1], strict=True)
    return ['' if best < 0 else f'{ops[best]}, {percent:.0f} %' for best, percent in pairs]

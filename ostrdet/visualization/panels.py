"""What the figures of the analyses share: panels, a caption, and a colour and marker per name."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ostrdet.evaluation.seed_statistics import spread
from ostrdet.visualization.style import PALETTE, new_figure

#: One per colour, so that names can be told apart without any.
MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X', '*')
CAPTION_SIZE = 8
#: Points that a line and a letter of the caption take.
LINE_HEIGHT, LETTER_WIDTH = 11.0, 4.15
MARGIN = 6.0


def marks(index: int) -> dict[str, Any]:
    """Colour and marker of the name with that index, as keywords of matplotlib.

    Examples:
        >>> marks(1)
        {'color': '#d55e00', 'marker': 's'}
    """
    return {'color': PALETTE[index % len(PALETTE)], 'marker': MARKERS[index % len(MARKERS)]}


def panels(
    number: int, columns: int, size: tuple[float, float], caption: str, **options: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of some panels above a caption.

    Args:
        number: How many panels.
        columns: How many of them side by side, at most.
        size: Width and height of one panel in points.
        caption: What the figure shows; it is wrapped.
        options: As of ``matplotlib.figure.Figure.subplots``.

    Returns:
        The figure and its panels, row by row.
    """
    columns = min(columns, number)
    rows = math.ceil(number / columns)
    width = columns * size[0]
    text = textwrap.fill(caption, int((width - 2 * MARGIN) / LETTER_WIDTH))
    below = (text.count('\n') + 1) * LINE_HEIGHT + 2 * MARGIN
    height = rows * size[1] + below
    figure = new_figure(width, height)
    figure.set_layout_engine('constrained', rect=(0, below / height, 1, 1 - below / height))
    figure.text(
        MARGIN / width, MARGIN / height, text, size=CAPTION_SIZE, va='bottom', linespacing=1.2
    )
    grid = figure.subplots(rows, columns, squeeze=False, **options)
    axes = [panel for row in grid for panel in row]
    for panel in axes[number:]:
        panel.remove()
    return figure, axes[:number]


def shared_legend(figure: Figure, axes: Axes, columns: int) -> None:
    """The legend of one panel above all of them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside upper center', ncols=columns)


def spread_dots(count: int, width: float) -> list[float]:
    """Offsets that keep ``count`` dots apart on a band of some width around zero.

    Examples:
        >>> spread_dots(3, 0.4)
        [-0.2, 0.0, 0.2]
    """
    if count == 1:
        return [0.0]
    return [width * (index / (count - 1) - 0.5) for index in range(count)]


def spread_row(panel: Axes, index: int, numbers: Sequence[float]) -> None:
    """Single numbers as dots, and their mean with its standard deviation, on the row of a panel."""
    style = marks(index)
    ys = [index + offset for offset in spread_dots(len(numbers), 0.4)]
    panel.plot(numbers, ys, '.', color=style['color'], alpha=0.45, markersize=4)
    found = spread(numbers)
    bar = found.std if found.n > 1 else None
    panel.errorbar(found.mean, index, xerr=bar, capsize=3, **style)

"""Curves over the epochs of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ostrdet.visualization.style import DASHES, INK, inline_svg, line_style, new_figure, styled

#: As wide as a phone, so that text is readable there.
WIDTH, HEIGHT = 370.0, 225.0
LEFT, RIGHT, BOTTOM = 50.0, 10.0, 38.0
LEGEND_ROW, LEGEND_COLUMNS = 16.0, 2
LONG_NAME = 30  # letters that leave room for one column only
FEW = 25  # epochs that are each marked


@dataclass(frozen=True)
class Curve:
    """A number per epoch.

    Attributes:
        name: For the legend.
        values: Shape (T,); NaN where there is none.
        style: Index of its colour, and of its dashes unless they are given.
        is_main: Whether the eye should fall on it.
        dashes: Index of its dashes, or None.
    """

    name: str
    values: np.ndarray
    style: int
    is_main: bool = False
    dashes: int | None = None


def curves_svg(
    label: str,
    unit: str,
    epochs: np.ndarray,
    curves: Sequence[Curve],
    limit: tuple[str, float] | None = None,
    most: float | None = None,
) -> str:
    """Curves with a legend above them, as an ``<svg>`` for a page.

    Args:
        label: What is shown; unique on the page.
        unit: Name and unit of the vertical axis.
        epochs: Shape (T,).
        curves: At least one.
        limit: A horizontal line with its name, such as that of a warning.
        most: The largest value, where values are counts: the axis then has whole numbers from zero.
    """
    with styled():
        columns = 1 if max(len(curve.name) for curve in curves) > LONG_NAME else LEGEND_COLUMNS
        rows = -(-(len(curves) + (limit is not None)) // columns)
        height = HEIGHT + rows * LEGEND_ROW
        figure = new_figure(WIDTH, height)
        top = 8 + rows * LEGEND_ROW
        axes = figure.add_axes(box(WIDTH, height, LEFT, BOTTOM, RIGHT, top))
        for curve in curves:
            axes.plot(epochs, curve.values, label=curve.name, **_look(curve, len(epochs)))
        if limit is not None:
            axes.axhline(limit[1], color=INK, linewidth=1, label=limit[0])
        name_axes(axes, 'epoch', unit)
        if most is not None:
            axes.set_ylim(-0.03 * most, 1.03 * most)
            axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        figure.legend(loc='upper left', ncols=columns, borderaxespad=0.2)
        return inline_svg(figure, label)


def box(
    width: float, height: float, left: float, bottom: float, right: float, top: float
) -> tuple[float, float, float, float]:
    """The place of axes with margins in points, as matplotlib expects it."""
    inner = (width - left - right) / width, (height - bottom - top) / height
    return left / width, bottom / height, *inner


def name_axes(axes: Axes, horizontal: str, vertical: str) -> None:
    """Names of both axes, and few ticks; epochs are whole numbers."""
    axes.set_xlabel(horizontal)
    axes.set_ylabel(vertical)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _look(curve: Curve, num_epochs: int) -> dict[str, Any]:
    width = 2.4 if curve.is_main else 1.4
    marker = {'marker': 'o', 'markersize': 2 * width} if num_epochs <= FEW else {}
    look = {**line_style(curve.style), **marker, 'linewidth': width, 'zorder': 2 + curve.is_main}
    return look if curve.dashes is None else {**look, 'linestyle': DASHES[curve.dashes]}

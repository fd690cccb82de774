"""Curves over the epochs of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ostrdet.visualization.style import INK, inline_svg, line_style, new_figure, styled

#: As wide as a phone, so that text is readable there.
WIDTH, HEIGHT = 370.0, 225.0
LEFT, RIGHT, BOTTOM = 50.0, 10.0, 38.0
LEGEND_ROW, LEGEND_COLUMNS = 15.0, 2
FEW = 25  # epochs that are each marked


@dataclass(frozen=True)
class Curve:
    """A number per epoch.

    Attributes:
        name: For the legend.
        values: Shape (T,); NaN where there is none.
        style: Index of its colour and dashes.
        is_main: Whether the eye should fall on it.
    """

    name: str
    values: np.ndarray
    style: int
    is_main: bool = False


def curves_svg(
    label: str,
    unit: str,
    epochs: np.ndarray,
    curves: Sequence[Curve],
    limit: tuple[str, float] | None = None,
    whole: bool = False,
) -> str:
    """Curves with a legend above them, as an ``<svg>`` for a page.

    Args:
        label: What is shown; unique on the page.
        unit: Name and unit of the vertical axis.
        epochs: Shape (T,).
        curves: At least one.
        limit: A horizontal line with its name, such as that of a warning.
        whole: Whether the values are counts: the axis then begins at zero, with whole numbers.
    """
    with styled():
        rows = -(-(len(curves) + (limit is not None)) // LEGEND_COLUMNS)
        height = HEIGHT + rows * LEGEND_ROW
        figure = new_figure(WIDTH, height)
        top = 8 + rows * LEGEND_ROW
        axes = figure.add_axes(box(WIDTH, height, LEFT, BOTTOM, RIGHT, top))
        for curve in curves:
            axes.plot(epochs, curve.values, label=curve.name, **_look(curve, len(epochs)))
        if limit is not None:
            axes.axhline(limit[1], color=INK, linewidth=1, label=limit[0])
        name_axes(axes, 'epoch', unit)
        if whole:
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        figure.legend(loc='upper left', ncols=LEGEND_COLUMNS, borderaxespad=0.2)
        return inline_svg(figure, label)


def box(
    width: float, height: float, left: float, bottom: float, right: float, top: float
) -> tuple[float, float, float, float]:
    """The place of axes with margins in points, as matplotlib wants it."""
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
    return {**line_style(curve.style), **marker, 'linewidth': width, 'zorder': 2 + curve.is_main}

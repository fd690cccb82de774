"""Figures of what a budget buys: score over cost."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ostrdet.structures.budget_front import FrontPoint
from ostrdet.visualization.curves import box
from ostrdet.visualization.style import INK, PALETTE, inline_svg, new_figure, save_figure, styled

WIDTH, HEIGHT = 370.0, 225.0
LEFT, RIGHT, BOTTOM, TOP = 50.0, 12.0, 38.0, 26.0
#: Name of a unit with what one of its ticks counts, and how many of the unit that is.
AXES = {
    'macs': ('multiply-adds, millions', 1e6),
    'params': ('parameters, millions', 1e6),
    'latency': ('latency, ms', 1.0),
}


def units_of(points: Sequence[FrontPoint]) -> dict[str, list[FrontPoint]]:
    """The points by unit, in the order of the units."""
    names = dict.fromkeys(point.unit for point in points)
    return {name: [point for point in points if point.unit == name] for name in names}


def chosen(points: Sequence[FrontPoint]) -> FrontPoint:
    """What the budget chooses, of the points of one unit: the most expensive that fits."""
    return [point for point in points if point.cost <= point.budget][-1]


def front_svg(label: str, points: Sequence[FrontPoint]) -> str:
    """The front of one unit as an ``<svg>`` for a page; ``label`` is unique on the page."""
    with styled():
        figure = new_figure(WIDTH, HEIGHT)
        _draw(figure.add_axes(box(WIDTH, HEIGHT, LEFT, BOTTOM, RIGHT, TOP)), points)
        _name_lines(figure)
        return inline_svg(figure, label)


def draw_front(path: Path, points: Sequence[FrontPoint]) -> None:
    """Write the fronts of all units below each other, in the format of the suffix."""
    by_unit = units_of(points)
    height = HEIGHT * len(by_unit)
    with styled():
        figure = new_figure(WIDTH, height)
        for index, own in enumerate(by_unit.values()):
            below = HEIGHT * (len(by_unit) - 1 - index)
            place = box(WIDTH, height, LEFT, BOTTOM + below, RIGHT, TOP + HEIGHT * index)
            _draw(figure.add_axes(place), own)
        _name_lines(figure)
        save_figure(figure, path)


def _draw(axes: Axes, points: Sequence[FrontPoint]) -> None:
    unit, one = AXES[points[0].unit]
    costs = [point.cost / one for point in points]
    shares = [100 * point.share for point in points]
    budget, own = points[0].budget / one, chosen(points)
    # Only a budget near the costs is worth the room
    end = max(costs[-1], min(budget, 1.2 * costs[-1]))
    color = PALETTE[0]
    axes.plot(
        [*costs, end],
        [*shares, shares[-1]],
        drawstyle='steps-post',
        color=color,
        label='best score',
    )
    axes.plot(costs, shares, 'o', color=color, markersize=3)
    axes.plot(own.cost / one, 100 * own.share, 'o', color=PALETTE[1], markersize=7, label='chosen')
    if budget <= end:
        axes.axvline(budget, color=INK, linewidth=1, label='budget')
    axes.set_xlabel(unit)
    axes.set_ylabel('part of the free score, %')
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _name_lines(figure: Figure) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='upper left', ncols=3, borderaxespad=0.2)

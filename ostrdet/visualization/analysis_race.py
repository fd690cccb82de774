"""Figures of two operations that compete for an edge, along the epochs of several searches."""

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter

from ostrdet.visualization.analysis_parts import marks, panels, shared_legend
from ostrdet.visualization.style import INK, line_style

#: By edge, then by setting: a mapping from epoch to number for every search of the setting.
Lines = dict[str, dict[str, list[Mapping[int, float]]]]


class Look(NamedTuple):
    """What a figure shows up, and where neither operation is ahead."""

    label: str
    level: float
    is_log: bool
    caption: str


def draw_ratios(lines: Lines, ops: tuple[str, str], criterion: str) -> Figure:
    """A panel per edge: the ratio of two scores, a line per search.

    Args:
        lines: The ratios.
        ops: The operation above and the one below the fraction bar.
        criterion: Whose scores.
    """
    caption = (
        f'{criterion} of {ops[0]} over that of {ops[1]} on every edge, after each epoch. A line per '
        'search; those of one setting look alike. Above the level line of 1 the first operation is '
        'ahead. Logarithmic, so that twice and half are equally far from it.'
    )
    return _draw(lines, Look('ratio of scores', 1, True, caption))


def draw_alphas(lines: Lines, ops: tuple[str, str]) -> Figure:
    """A panel per edge: the difference of two alphas, a line per search.

    Args:
        lines: The differences.
        ops: The operation whose alpha it is, and the one whose alpha is taken off.
    """
    caption = (
        f'Alpha of {ops[0]} minus that of {ops[1]} on every edge, at the end of each epoch. A line '
        'per search; those of one setting look alike. Above the level line of 0 the first operation '
        'has the larger weight: the ratio of their weights is exp of the difference.'
    )
    return _draw(lines, Look('difference of alphas', 0, False, caption))


def _draw(lines: Lines, look: Look) -> Figure:
    figure, axes = panels(len(lines), 3, (240, 165), look.caption, sharex=True, sharey=True)
    numbers = [n for of_edge in lines.values() for some in of_edge.values() for n in some]
    epochs = [epoch for by_epoch in numbers for epoch in by_epoch] or [1]
    axes[0].set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    settings = list(dict.fromkeys(setting for of_edge in lines.values() for setting in of_edge))
    for panel, (edge, of_edge) in zip(axes, lines.items(), strict=True):
        panel.axhline(look.level, color=INK, linewidth=0.8)
        for setting, searches in of_edge.items():
            _searches(panel, settings.index(setting), setting, searches)
        panel.set_title(edge)
        panel.set_xlabel('epoch of the search')
        panel.set_ylabel(look.label)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if look.is_log:
            _logarithmic(panel)
    shared_legend(figure, axes[0], 3)
    return figure


def _logarithmic(panel: Axes) -> None:
    """Powers of two, with quarters between them where the panel shows few."""
    panel.set_yscale('log', base=2)
    low, high = panel.get_ylim()
    subs = (1, 1.25, 1.5, 1.75) if high < 4 * low else (1,)
    panel.yaxis.set_major_locator(LogLocator(base=2, subs=subs))
    panel.yaxis.set_major_formatter(FormatStrFormatter('%.3g'))
    panel.yaxis.set_minor_formatter(NullFormatter())


def _searches(panel: Axes, index: int, setting: str, searches: list[Mapping[int, float]]) -> None:
    style = line_style(index) | marks(index)
    label = f'{setting} (n = {len(searches)})'
    for number, by_epoch in enumerate(searches):
        panel.plot(
            list(by_epoch),
            list(by_epoch.values()),
            label=None if number else label,
            markersize=3,
            linewidth=1.2,
            **style,
        )

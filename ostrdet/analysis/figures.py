"""Figures of several searches: along the epochs, and of the cells at the end."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ostrdet.evaluation.seed_statistics import Spread
from ostrdet.visualization.panels import marks, panels, shared_legend, spread_row
from ostrdet.visualization.style import line_style


def draw_stability(
    accuracies: Mapping[str, Mapping[int, Spread]],
    distinct: Mapping[str, Mapping[int, int]],
    searches: int,
    dataset: str,
) -> Figure:
    """Accuracy along the epochs, if it is known, and the number of different cells.

    Args:
        accuracies: In percent over the searches, by criterion and epoch; may be all unknown.
        distinct: Number of different cells over the searches, by criterion and epoch.
        searches: Number of searches.
        dataset: What the accuracies are of.
    """
    known = any(s.n for by_epoch in accuracies.values() for s in by_epoch.values())
    caption = (
        f'Number of searches, which differ in their seed: {searches}. '
        + ('Left: accuracy by the table of the cell that a criterion chooses after an epoch; '
           'lines are means, bands one standard deviation over the searches, cut off where they leave the '
           'range of the means. Right: ' if known else '')
        + 'number of different cells among the searches, by criterion; 1 means that all agree.'
    )  # fmt: skip
    figure, axes = panels(2 if known else 1, 2, (370, 270), caption)
    if known:
        for index, spreads in enumerate(accuracies.values()):
            _band(axes[0], index, spreads)
        _show_means(axes[0], accuracies)
        axes[0].set_ylabel(f'test accuracy on {dataset} (%)')
    for index, (criterion, by_epoch) in enumerate(distinct.items()):
        shift = 0.04 * index  # lines that coincide stay visible
        heights = [number + shift for number in by_epoch.values()]
        style = line_style(index) | marks(index)
        axes[-1].plot(list(by_epoch), heights, label=criterion, markersize=3, **style)
    axes[-1].set_ylabel('number of different cells')
    axes[-1].set_ylim(0, searches + 0.5)
    axes[-1].yaxis.set_major_locator(MaxNLocator(integer=True))
    for panel in axes:
        panel.set_xlabel('epoch of the search')
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    shared_legend(figure, axes[-1], 5)
    return figure


def draw_criteria(values: Mapping[str, Mapping[str, Sequence[float]]], searches: int) -> Figure:
    """A panel per quantity: what the cells of each criterion reach.

    Args:
        values: By quantity with its unit, then by criterion, a number per search.
        searches: Number of searches.
    """
    caption = (
        f'The cell of every criterion after the last epoch; number of searches: {searches}. Small '
        'dots: single searches. Markers and bars: mean and standard deviation over them.'
    )
    figure, axes = panels(len(values), 3, (240, 150), caption, sharey=True)
    for panel, (quantity, by_criterion) in zip(axes, values.items(), strict=True):
        for index, numbers in enumerate(by_criterion.values()):
            spread_row(panel, index, numbers)
        panel.set_yticks(range(len(by_criterion)), list(by_criterion))
        panel.set_xlabel(quantity)
    for panel in axes[::3]:
        panel.set_ylabel('criterion')
    axes[0].invert_yaxis()  # the first criterion on top; the panels share the axis
    return figure


def draw_landscape(eigenvalues: Mapping[str, Mapping[int, float]], batches: int) -> Figure:
    """The dominant eigenvalue of every search along its epochs.

    Args:
        eigenvalues: By search, then by epoch.
        batches: Number of minibatches that the loss is a mean over.
    """
    caption = (
        'Eigenvalue of largest absolute value of the Hessian of the validation loss with respect to '
        f'alpha, at the end of each epoch that has a checkpoint, on {batches} minibatch'
        f'{"es" if batches > 1 else ""} that {"are" if batches > 1 else "is"} the same throughout. '
        'The larger it is, the sharper the loss is in alpha.'
    )
    figure, (panel,) = panels(1, 1, (430, 270), caption)
    for index, (name, by_epoch) in enumerate(eigenvalues.items()):
        style = line_style(index) | marks(index)
        panel.plot(list(by_epoch), list(by_epoch.values()), label=name, markersize=4, **style)
    panel.set_xlabel('epoch of the search')
    panel.set_ylabel('dominant eigenvalue (nats)')
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(eigenvalues) > 1:
        panel.legend()
    return figure


def _show_means(panel: Axes, accuracies: Mapping[str, Mapping[int, Spread]]) -> None:
    """A single collapse has a standard deviation that would dwarf everything else."""
    means = [s.mean for by_epoch in accuracies.values() for s in by_epoch.values() if s.n]
    margin = 0.05 * (max(means) - min(means)) + 0.1
    panel.set_ylim(min(means) - margin, max(means) + margin)


def _band(panel: Axes, index: int, by_epoch: Mapping[int, Spread]) -> None:
    known = {epoch: found for epoch, found in by_epoch.items() if found.n}
    style = line_style(index)
    means = [found.mean for found in known.values()]
    stds = [0.0 if math.isnan(found.std) else found.std for found in known.values()]
    panel.plot(list(known), means, marker=marks(index)['marker'], markersize=3, **style)
    low, high = ([m + sign * s for m, s in zip(means, stds, strict=True)] for sign in (-1, 1))
    panel.fill_between(list(known), low, high, color=style['color'], alpha=0.12, linewidth=0)

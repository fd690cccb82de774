"""Figure of the rank correlation of every criterion on every edge (Figs. 12 and 13 of the paper)."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ostrdet.evaluation.seed_statistics import spread
from ostrdet.visualization.analysis_parts import marks, panels, spread_dots
from ostrdet.visualization.style import INK

#: Spearman's correlation of every search, by criterion, then by edge.
Correlations = Mapping[str, Mapping[str, Sequence[float]]]


def draw_correlation(found: Correlations, accuracy: str) -> Figure:
    """A panel per criterion: dots are searches, markers their mean, bars one standard deviation.

    Args:
        found: The correlations; NaN is left out.
        accuracy: What stand-alone accuracies are, for the caption.
    """
    edges = list(next(iter(found.values())))
    caption = (
        'Spearman correlation, over the operations of an edge, of the score of a criterion with the '
        f'stand-alone accuracy of the cell that has the operation there ({accuracy}). '
        'Small dots: single searches. Markers and bars: mean and standard deviation over them. '
        'Titles: mean over all edges and searches.'
    )
    width = max(150, 14 * len(edges) + 60)
    figure, axes = panels(len(found), max(1, 780 // width), (width, 185), caption, sharey=True)
    for index, (panel, (criterion, by_edge)) in enumerate(zip(axes, found.items(), strict=True)):
        _panel(panel, index, by_edge)
        overall = spread(value for values in by_edge.values() for value in values)
        panel.set_title(f'{criterion}\n{overall}')
        panel.set_xlabel('edge (target<-source)')
        panel.set_xticks(range(len(edges)), edges, rotation=90 if len(edges) > 6 else 45)
    for panel in axes:
        if panel.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            panel.set_ylabel("Spearman's rho")
    return figure


def _panel(panel: Axes, index: int, by_edge: Mapping[str, Sequence[float]]) -> None:
    style = marks(index)
    panel.axhline(0, color=INK, linewidth=0.8)
    panel.set_ylim(-1.08, 1.08)
    for position, values in enumerate(by_edge.values()):
        xs = [position + offset for offset in spread_dots(len(values), 0.5)]
        panel.plot(xs, values, '.', color=style['color'], alpha=0.45, markersize=4)
        of_edge = spread(values)
        panel.errorbar(
            position, of_edge.mean, of_edge.std if of_edge.n > 1 else None, capsize=3, **style
        )

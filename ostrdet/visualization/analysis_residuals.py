"""The figure of the residual features (Fig. 6 of the paper)."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ostrdet.visualization.analysis_parts import marks, panels, shared_legend, spread_row
from ostrdet.visualization.style import line_style


def draw_residuals(
    along: Mapping[str, Mapping[int, float]],
    at_end: Mapping[str, Sequence[float]],
    epoch: int,
    batches: int,
) -> Figure:
    """Relative norms of o(x) - f by operation: along the epochs, and edge by edge at the end.

    Args:
        along: Means over edges, by operation and epoch.
        at_end: By operation, a number for every edge after the last epoch.
        epoch: The last epoch.
        batches: Number of minibatches.
    """
    caption = (
        'Norm of the residual feature o(x) - f of every candidate, divided by that of the mixture f; '
        f'on {batches} minibatch{"es" if batches > 1 else ""}. Left: mean over all edges at the end '
        f'of each epoch that has a checkpoint. Right: after epoch {epoch}, single edges as dots, '
        "their mean and standard deviation. 'none' is at 1, as its feature is zero; at 0 a candidate "
        'is the mixture.'
    )
    figure, (left, right) = panels(2, 2, (330, 270), caption)
    for index, (op, by_epoch) in enumerate(along.items()):
        style = line_style(index) | marks(index)
        left.plot(list(by_epoch), list(by_epoch.values()), label=op, markersize=4, **style)
        spread_row(right, index, at_end[op])
    left.set_xlabel('epoch of the search')
    left.set_ylabel('norm of o(x) - f, relative to f')
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_yticks(range(len(at_end)), list(at_end))
    right.set_ylabel('operation')
    right.invert_yaxis()  # the first operation on top
    right.set_xlabel('norm of o(x) - f, relative to f')
    shared_legend(figure, left, 4)
    return figure

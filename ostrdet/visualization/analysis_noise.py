"""Figure of operation strength by batch size, with the signal that is in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, ScalarFormatter

from ostrdet.visualization.analysis_parts import marks, panels, shared_legend

#: By edge, then by operation: what was found, in the order of the batch size.
Panels = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


def draw_noise(found: Panels, where: str) -> Figure:
    """A panel per edge: strength as a line, the signal in it dashed, for two operations.

    Args:
        found: With the keys ``batch_size``, ``strength`` and ``signal``.
        where: Checkpoint and number of images, for the caption.
    """
    caption = (
        'Operation strength, the mean over minibatches of abs(dL/dalpha), by the number of images in '
        f'a minibatch; {where}, the same for all sizes. Dashed: the signal, the absolute value of the '
        'mean. What stands between the two is noise, which would fall with the root of the '
        'batch size if the images of a batch were independent. Both axes are logarithmic.'
    )
    figure, axes = panels(len(found), 3, (240, 175), caption, sharex=True)
    for panel, (edge, by_op) in zip(axes, found.items(), strict=True):
        panel.set_xscale('log', base=2)
        panel.set_yscale('log')
        for index, (op, rows) in enumerate(by_op.items()):
            sizes, style = [row['batch_size'] for row in rows], marks(index)
            for key, dashes in (('strength', 'solid'), ('signal', 'dashed')):
                ys = [row[key] for row in rows]
                panel.plot(
                    sizes, ys, label=f'{key}: {op}', linestyle=dashes, markersize=3.5, **style
                )
        panel.xaxis.set_major_locator(FixedLocator(sizes))
        panel.xaxis.set_major_formatter(ScalarFormatter())
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_title(edge)
        panel.set_xlabel('number of images in a minibatch')
        panel.set_ylabel('score (nats)')
    shared_legend(figure, axes[0], 2)
    return figure

"""``tools/analyze.py noise``: operation strength by batch size, parted into signal and noise."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, ScalarFormatter
from rich.progress import track
from torch import Tensor

from ostrdet.analysis.gradient_noise import (
    GradientNoise,
    alpha_gradients,
    cut,
    gradient_noise,
    normal_strength,
)
from ostrdet.analysis.ops import two_ops
from ostrdet.analysis.output import Output, Row
from ostrdet.apis.open_search import OpenSearch, epoch_checkpoints
from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.visualization.panels import marks, panels, shared_legend

#: By edge, then by operation: what was found, in the order of the batch size.
Panels = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
#: By batch size.
Found = Mapping[int, GradientNoise]


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


def noise(
    work_dir: str | Path,
    out: str | Path,
    batch_sizes: Sequence[int] = (8, 16, 32, 64),
    batches: int = 16,
    ops: Sequence[str] | None = None,
    checkpoint: str | Path | None = None,
    data_root: str | Path | None = None,
    png: bool = False,
) -> list[Row]:
    """Operation strength at several batch sizes, with the signal and the noise of the gradient.

    Args:
        work_dir: A search.
        out: Folder for ``noise.csv`` and ``noise.svg``.
        batch_sizes: Images of a minibatch.
        batches: Minibatches of the largest size; their images are cut into those of the others.
        ops: Two operations for figure and table; the skip connection and the largest one if None.
        checkpoint: One of the search; the newest of a whole epoch if None.
        data_root: Folder of the data set, instead of the config's.
        png: Whether the figure is written as PNG too.

    Returns:
        A row per batch size, edge and operation.

    Raises:
        FileNotFoundError: If a file is missing.
        UnknownNameError: If the space has no such operation.
        InvalidValueError: If a number is too small or too large, or the checkpoint damaged.
    """
    sizes = sorted(set(batch_sizes))
    if sizes[0] < 1:
        raise InvalidValueError(f'--batch-sizes {sizes[0]}: expected at least 1')
    if batches < 2:
        raise InvalidValueError(
            f'--batches {batches}: expected at least 2, to tell their deviation'
        )
    path = checkpoint or epoch_checkpoints(work_dir)[-1]
    search = OpenSearch(work_dir, batches, data_root, batch_size=sizes[-1])
    searcher = search.searcher
    images = sum(len(batch.labels) for batch in search.batches)
    pair = two_ops(searcher.space, ops)
    epoch = search.load(path)
    output = Output(out, png)
    quiet = not output.console.is_terminal
    progress = track(sizes, description='batch sizes', transient=True, disable=quiet)
    found = {size: measure(searcher, cut(search.batches, size)) for size in progress}
    rows = [row for size in sizes for row in _rows(searcher, size, found[size])]
    where = f'after epoch {epoch}, {images} images'
    output.csv('noise', rows)
    output.figure('noise', draw_noise, _panels(rows, pair), where)
    output.table(f'gradients of alpha {where}', _compared(rows, pair))
    return rows


def measure(searcher: BilevelSearcher, batches: Sequence[Batch]) -> GradientNoise:
    """Signal and noise of dL/dalpha over minibatches; the searcher stays as it is."""
    losses = (partial(_loss, searcher, batch) for batch in batches)
    return gradient_noise(alpha_gradients(losses, searcher.alphas))


def _loss(searcher: BilevelSearcher, batch: Batch) -> Tensor:
    return searcher.mix_loss(batch, searcher.mix())


def _rows(searcher: BilevelSearcher, size: int, found: GradientNoise) -> list[Row]:
    space, weights = searcher.space, searcher.arch_state().op_weights
    rows: list[Row] = []
    for cell, spec in space.cells.items():
        normal_EO = normal_strength(found.signal[cell], found.noise[cell])
        rows += [
            {
                'cell': cell,
                'edge': f'{edge.target}<-{edge.source}',
                'op': op,
                'batch_size': size,
                'minibatches': found.minibatches,
                'weight': weights[cell][e, o].item(),
                'strength': found.strength[cell][e, o].item(),
                'signal': found.signal[cell][e, o].item(),
                'noise': found.noise[cell][e, o].item(),
                'normal': normal_EO[e, o].item(),
            }
            for e, edge in enumerate(spec.edges)
            for o, op in enumerate(space.ops)
        ]
    return rows


def _panels(rows: Sequence[Row], pair: tuple[str, str]) -> dict[str, dict[str, list[Row]]]:
    """By edge, then by operation, the rows in the order of the batch size."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        by_op = found.setdefault(f'{row["cell"]} {row["edge"]}', {op: [] for op in pair})
        if row['op'] in pair:
            by_op[row['op']].append(row)
    return found


def _compared(rows: Sequence[Row], pair: tuple[str, str]) -> list[Row]:
    """A row per edge and batch size: both operations, and the ratio of the first to the second."""
    compared: list[Row] = []
    for edge, by_op in _panels(rows, pair).items():
        for first, second in zip(*(by_op[op] for op in pair), strict=True):
            compared.append(
                {'edge': edge, 'batch size': first['batch_size']}
                | {
                    f'{key} {row["op"]}': row[key]
                    for key in ('strength', 'signal', 'noise')
                    for row in (first, second)
                }
                | {
                    f'{key} ratio': _ratio(first[key], second[key])
                    for key in ('strength', 'signal')
                }
            )
    return compared


def _ratio(first: float, second: float) -> float | None:
    return first / second if second > 0 else None

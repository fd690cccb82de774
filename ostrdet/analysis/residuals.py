"""``tools/analyze.py residuals``: how far each candidate is from the mixture, along a search."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.progress import track

from ostrdet.analysis.distances import residuals
from ostrdet.analysis.landscape import every_checkpoint
from ostrdet.analysis.output import Output, Row
from ostrdet.apis.open_search import OpenSearch
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.visualization.panels import marks, panels, shared_legend, spread_row
from ostrdet.visualization.style import line_style

#: The quantities of the table, by column.
MEASURED = ('norm', 'relative', 'weight')


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


def residual_norms(
    work_dirs: Sequence[str | Path],
    out: str | Path,
    batches: int = 1,
    every: int = 1,
    data_root: str | Path | None = None,
    png: bool = False,
) -> list[Row]:
    """Norms of the residual features o(x) - f of every candidate, at every checkpoint (Fig. 6).

    Args:
        work_dirs: Searches of one space that kept their checkpoints.
        out: Folder for ``residuals.csv``, ``residuals_ops.csv`` and ``residuals.svg``.
        batches: Number of minibatches of the architecture half.
        every: Take the checkpoint of every so many epochs, and the last one.
        data_root: Folder of the data set, instead of the config's.
        png: Whether the figure is written as PNG too.

    Returns:
        A row per search, checkpoint, edge and operation.

    Raises:
        FileNotFoundError: If a folder holds no config or no checkpoint.
        InvalidValueError: If a number is less than 1, a checkpoint damaged, or the relaxation
            unknown.
    """
    output = Output(out, png)
    rows = [
        row for work_dir in work_dirs for row in _rows(work_dir, batches, every, data_root, output)
    ]
    by_op = list(_by_op(rows))
    output.csv('residuals', rows)
    output.csv('residuals_ops', by_op)
    last = max(row['epoch'] for row in rows)
    at_end = {op: [r['relative'] for r in _of(rows, op, last)] for op in _ops(rows)}
    along = {op: {r['epoch']: r['relative mean'] for r in by_op if r['op'] == op} for op in at_end}
    output.figure('residuals', draw_residuals, along, at_end, last, batches)
    title = f'residual features after epoch {last}: mean and standard deviation over edges'
    output.table(title, (_summary(rows, op, last) for op in at_end))
    return rows


def _rows(
    work_dir: str | Path, batches: int, every: int, data_root: str | Path | None, output: Output
) -> Iterator[Row]:
    search = OpenSearch(work_dir, batches, data_root)
    found = every_checkpoint(work_dir, every)
    quiet = not output.console.is_terminal
    for path in track(found, description='checkpoints', transient=True, disable=quiet):
        epoch = search.load(path)
        for one in residuals(search.searcher, search.batches):
            place: dict[str, Any] = asdict(one) | {'edge': f'{one.edge.target}<-{one.edge.source}'}
            yield {'search': Path(work_dir).resolve().name, 'epoch': epoch, **place}


def _by_op(rows: Sequence[Row]) -> Iterator[Row]:
    """Mean and standard deviation over edges, and searches, by operation and epoch."""
    for op in _ops(rows):
        for epoch in sorted({row['epoch'] for row in rows}):
            some = list(_of(rows, op, epoch))
            row = {'op': op, 'epoch': epoch, 'n': len(some)}
            for key in MEASURED:
                found = spread(one[key] for one in some)
                row |= {f'{key} mean': found.mean, f'{key} std': found.std}
            yield row


def _summary(rows: Sequence[Row], op: str, epoch: int) -> Row:
    some = list(_of(rows, op, epoch))
    return {'op': op, **{key: str(spread(one[key] for one in some)) for key in MEASURED}}


def _ops(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row['op'] for row in rows))


def _of(rows: Sequence[Row], op: str, epoch: int) -> Iterator[Row]:
    return (row for row in rows if (row['op'], row['epoch']) == (op, epoch))

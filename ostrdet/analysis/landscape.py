"""``tools/analyze.py landscape``: how sharp the validation loss is in alpha, along a search."""

from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from ostrdet.analysis.figures import draw_landscape
from ostrdet.analysis.output import Output, Row
from ostrdet.apis.open_search import OpenSearch, epoch_checkpoints
from ostrdet.errors import InvalidValueError
from ostrdet.kernels.curvature import Eigenvalues, extreme_eigenvalues
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.models.searchers.curvature import alpha_hessian


def landscape(
    work_dirs: Sequence[str | Path],
    out: str | Path,
    batches: int = 1,
    every: int = 1,
    data_root: str | Path | None = None,
    png: bool = False,
) -> list[Row]:
    """Extreme eigenvalues of the Hessian of the validation loss, at every checkpoint.

    Args:
        work_dirs: Searches that kept their checkpoints.
        out: Folder for ``landscape.csv`` and ``landscape.svg``.
        batches: Number of minibatches of the architecture half; memory grows with it.
        every: Take the checkpoint of every so many epochs, and the last one.
        data_root: Folder of the data set, instead of the config's.
        png: Whether the figure is written as PNG too.

    Returns:
        A row per search and checkpoint.

    Raises:
        FileNotFoundError: If a folder holds no config or no checkpoint.
        InvalidValueError: If a number is less than 1, or a checkpoint damaged.
    """
    output = Output(out, png)
    rows = [
        row for work_dir in work_dirs for row in _rows(work_dir, batches, every, data_root, output)
    ]
    output.csv('landscape', rows)
    by_search: dict[str, dict[int, float]] = {}
    for row in rows:
        by_search.setdefault(row['search'], {})[row['epoch']] = row['dominant']
    output.figure('landscape', draw_landscape, by_search, batches)
    output.table('eigenvalues of the Hessian of the validation loss in alpha', rows)
    return rows


def _rows(
    work_dir: str | Path, batches: int, every: int, data_root: str | Path | None, output: Output
) -> list[Row]:
    search = OpenSearch(work_dir, batches, data_root)
    found = every_checkpoint(work_dir, every)
    rows: list[Row] = []
    quiet = not output.console.is_terminal
    for path in track(found, description='checkpoints', transient=True, disable=quiet):
        epoch = search.load(path)
        values = _eigenvalues(search.searcher, search.batches)
        rows.append(
            {
                'search': Path(work_dir).resolve().name,
                'epoch': epoch,
                'dominant': values.dominant,
                'smallest': values.smallest,
                'largest': values.largest,
            }
        )
    return rows


def every_checkpoint(work_dir: str | Path, every: int) -> list[Path]:
    """The checkpoints of every so many epochs of a search, and the last one, oldest first.

    Raises:
        FileNotFoundError: If there is none.
        InvalidValueError: If ``every`` is less than 1.
    """
    if every < 1:
        raise InvalidValueError(f'--every {every}: expected at least 1')
    return list(reversed(epoch_checkpoints(work_dir)))[::every][::-1]


def _eigenvalues(searcher: BilevelSearcher, batches: Sequence[Batch]) -> Eigenvalues:
    return extreme_eigenvalues(alpha_hessian(searcher, batches))

"""``tools/analyze.py landscape``: how sharp the validation loss is in alpha, along a search."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from rich.progress import track
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

from ostrdet.analysis.figures import draw_landscape
from ostrdet.analysis.output import Output, Row
from ostrdet.apis.open_search import OpenSearch, epoch_checkpoints
from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers import BilevelSearcher

#: Lanczos starts from the same random vector in every call, so that results repeat.
SEED = 0
#: Up to here the matrix is written out: Lanczos needs more rows than it seeks eigenvalues.
SMALL = 3


class Eigenvalues(NamedTuple):
    """The two ends of a spectrum."""

    smallest: float
    largest: float

    @property
    def dominant(self) -> float:
        """The one of largest absolute value, with its sign."""
        return max(self, key=abs)


def hessian_operator(
    losses: Sequence[Callable[[], Tensor]], parameters: Sequence[Tensor]
) -> LinearOperator:
    """The Hessian of the mean of some losses, as exact Hessian-vector products.

    The graphs of the gradients are kept, so that a product is one backward pass of each loss; their
    memory grows with the number of losses.

    Args:
        losses: Scalars as functions of ``parameters``, twice differentiable.
        parameters: What is differentiated; n numbers in all.

    Returns:
        An operator of shape (n, n), float64.
    """
    graphs = [
        torch.autograd.grad(
            loss(), parameters, create_graph=True, allow_unused=True, materialize_grads=True
        )
        for loss in losses
    ]
    sizes = [parameter.numel() for parameter in parameters]

    def product(vector: np.ndarray) -> np.ndarray:
        flat = torch.from_numpy(np.array(vector, dtype=np.float64).reshape(-1))
        parts = [
            part.view_as(parameter).to(parameter)
            for part, parameter in zip(torch.split(flat, sizes), parameters, strict=True)
        ]
        total = torch.zeros(sum(sizes), dtype=torch.float64)
        for grads in graphs:
            products = torch.autograd.grad(
                grads,
                parameters,
                grad_outputs=parts,
                retain_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
            total += torch.cat([p.reshape(-1).to('cpu', torch.float64) for p in products])
        return (total / len(graphs)).numpy()

    return LinearOperator((sum(sizes), sum(sizes)), matvec=product, dtype=np.float64)


def extreme_eigenvalues(operator: LinearOperator, tolerance: float = 1e-6) -> Eigenvalues:
    """The smallest and the largest eigenvalue of a symmetric operator, by Lanczos' method.

    Args:
        operator: Shape (n, n), symmetric.
        tolerance: Relative accuracy.
    """
    size = operator.shape[0]
    if size <= SMALL:
        values = np.linalg.eigvalsh(operator @ np.eye(size))
    else:
        start = np.random.default_rng(SEED).standard_normal(size)
        values = eigsh(
            operator, k=2, which='BE', v0=start, tol=tolerance, return_eigenvectors=False
        )
    return Eigenvalues(float(min(values)), float(max(values)))


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
    losses = [partial(_loss, searcher, batch) for batch in batches]
    return extreme_eigenvalues(hessian_operator(losses, list(searcher.alphas.values())))


def _loss(searcher: BilevelSearcher, batch: Batch) -> Tensor:
    """The validation loss as a function of alpha."""
    return searcher.mix_loss(batch, searcher.mix())

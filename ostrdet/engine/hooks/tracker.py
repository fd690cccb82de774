"""Hands the numbers and pictures of a search to TensorBoard and its kin."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from mmengine.runner import Runner
from mmengine.visualization import LocalVisBackend

from ostrdet.engine.hooks.side_show import SideShowHook
from ostrdet.engine.isolated_backend import IsolatedVisBackend
from ostrdet.records.history import SearchHistory, read_history
from ostrdet.registry import HOOKS


@HOOKS.register_module()
class TrackerHook(SideShowHook):
    """Gives every back end of the visualizer, but the local one, what the epoch has brought.

    That is the cells of all criteria as pictures, alpha and all scores as histograms (where the back
    end has none: their least, mean and greatest), table accuracies and stability. The step is the
    epoch. All of it is read from ``trajectory.jsonl``, which stays the truth.
    """

    def show(self, runner: Runner) -> None:
        """Log the last line of the trajectory."""
        backends = [b for b in runner.visualizer._vis_backends.values() if _takes_pictures(b)]
        if not backends:
            return
        history = read_history(runner.work_dir)
        step = int(history.epochs[-1])
        numbers, pictures = dict(_numbers(history)), dict(_pictures(history))
        for backend in backends:
            backend.add_scalars({name: float(value) for name, value in numbers.items()}, step)
            for name, values in _distributions(history):
                _add_distribution(backend, name, values, step)
            for name, picture in pictures.items():
                backend.add_image(name, picture, step)


def _takes_pictures(backend: Any) -> bool:
    """Whether this is neither the local back end nor one that has failed."""
    inner = backend.backend if isinstance(backend, IsolatedVisBackend) else backend
    return inner is not None and not isinstance(inner, LocalVisBackend)


def _numbers(history: SearchHistory) -> Iterator[tuple[str, float]]:
    line = history.lines[-1]
    yield 'search/stable_epochs', line['stable_epochs']
    for criterion, found in (line.get('benchmark') or {}).items():
        for dataset, accuracy in (found or {}).items():
            yield f'benchmark_{dataset}/{criterion}', accuracy


def _pictures(history: SearchHistory) -> Iterator[tuple[str, np.ndarray]]:
    from ostrdet.visualization.cells.figure import cells_image  # matplotlib, for pictures alone

    for criterion, (*before, last) in history.genotypes.items():
        if last is not None:
            yield f'cells/{criterion}', cells_image(last, before[-1] if before else None)


def _distributions(history: SearchHistory) -> Iterator[tuple[str, np.ndarray]]:
    line = history.lines[-1]
    by_name: Mapping[str, Mapping[str, Any] | None] = {'alphas': line['alphas'], **line['scores']}
    for name, cells in by_name.items():
        for cell, rows in (cells or {}).items():
            yield f'{name}/{cell}', np.array(rows)


def _add_distribution(backend: Any, name: str, values: np.ndarray, step: int) -> None:
    if hasattr(backend.experiment, 'add_histogram'):
        backend.experiment.add_histogram(name, values, step)
        return
    summary = {'min': values.min(), 'mean': values.mean(), 'max': values.max()}
    backend.add_scalars({f'{name}/{key}': float(value) for key, value in summary.items()}, step)

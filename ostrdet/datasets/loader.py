"""Dataloaders whose workers outlive a signal to the process group, and never are waited for in vain.

``timeout``, service managers and ``srun`` signal the whole group. The workers must not die of that,
as the main process needs them to finish its iteration and save.
"""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch.utils.data import DataLoader

from ostrdet.datasets.loader_watch import WatchedBatches
from ostrdet.datasets.loader_worker import WorkerStart
from ostrdet.quiet import QuietPickle

#: What ends a run with a checkpoint; it is for the main process alone.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class WatchedLoader(DataLoader):
    """A dataloader with workers that only their main process ends.

    Raises:
        LoaderError: While it is iterated, where a worker is lost or delivers nothing.
    """

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override] # torch has a class of its own
        with _born_deaf(), _sent_quietly(self):
            batches = super().__iter__()
        return WatchedBatches(batches)


def guarded(loader: DataLoader) -> DataLoader:
    """Turn ``loader`` into a :class:`WatchedLoader` where it has workers."""
    if loader.num_workers > 0 and not isinstance(loader, WatchedLoader):
        loader.worker_init_fn = WorkerStart(loader.worker_init_fn)
        loader.__class__ = WatchedLoader
    return loader


@contextmanager
def _born_deaf() -> Iterator[None]:
    """Processes that start meanwhile hear none of :data:`SIGNALS`, from their first instruction on.

    What the standard library and torch end by SIGTERM is ended by SIGKILL instead.
    """
    others = set(multiprocessing.active_children())
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        for child in set(multiprocessing.active_children()) - others:
            process: Any = child
            process._popen.terminate = process._popen.kill
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _sent_quietly(loader: DataLoader) -> Iterator[None]:
    """Where workers are no forks, they import what the data set needs without a word."""
    dataset, context = loader.dataset, loader.multiprocessing_context or multiprocessing
    if context.get_start_method() == 'fork':
        yield
        return
    vars(loader)['dataset'] = QuietPickle(dataset)  # torch forbids the assignment
    try:
        yield
    finally:
        vars(loader)['dataset'] = dataset

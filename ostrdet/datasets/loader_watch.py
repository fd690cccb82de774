"""Waits for the batches of a dataloader with an eye on its workers, and says why none comes."""

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from torch._C import _remove_worker_pids

from ostrdet.datasets.loader_worker import NO_FILES, NO_ROOM, status_of
from ostrdet.errors import LoaderError

#: Seconds between two looks at the workers, that they may all sleep, and that a stop waits for one.
LOOK, IDLE, HURRY = 1.0, 30.0, 5.0
#: CPU time, in ticks of the system, below which a worker only looked whether its parent lives.
RESTING_TICKS = 3

_LOST = re.compile(
    r'DataLoader worker \(pid.*\) (?:is killed by signal: (?P<signal>[\w ]+)'
    r'|exited unexpectedly(?: with exit code (?P<code>\d+))?)'
)
_MENDS = {
    NO_ROOM: 'there is no room for its batch in /dev/shm: give the container more (docker run '
    '--shm-size=8g), or set num_workers=0 or a smaller batch_size in the *_dataloader',
    NO_FILES: 'there are too few file descriptors: raise their number (ulimit -n 4096), or set '
    'num_workers=0 in the *_dataloader',
}

#: What is iterated, or was.
_LIVE: 'WeakSet[WatchedBatches]' = WeakSet()


class _Wanted:
    """The stop that a signal asked for, and when; one per process, as signals are."""

    stop: tuple[float, Callable[[], Any]] | None = None


def hurry(stop: Callable[[], Any] | None) -> None:
    """Call ``stop`` once a batch takes longer than :data:`HURRY` seconds; None takes that back."""
    _Wanted.stop = None if stop is None else (time.monotonic(), stop)


def loader_error(error: BaseException) -> LoaderError | None:
    """What an error of a dataloader means, where the system lacks something.

    Args:
        error: What was raised in the main process; torch has no types of its own for these.

    Returns:
        None if it is another error.
    """
    found = _LOST.search(str(error))
    if found is None:
        return _lost(NO_FILES) if status_of(error) == NO_FILES else None
    if found['signal'] == 'Killed':
        return LoaderError(
            'a worker of a dataloader was killed, as the kernel does where memory lacks: set a smaller '
            'num_workers or batch_size in the *_dataloader'
        )
    return _lost(NO_ROOM if found['signal'] == 'Bus error' else int(found['code'] or 0))


def _lost(status: int) -> LoaderError | None:
    mend = _MENDS.get(status)
    return None if mend is None else LoaderError(f'a dataloader ended, as {mend}')


class WatchedBatches(Iterator[Any]):
    """The batches of a multi-process iterator of torch.

    Args:
        batches: The iterator, which has ``_workers``.

    Raises:
        LoaderError: If none of the workers does anything for :data:`IDLE` seconds, and no batch comes.
    """

    def __init__(self, batches: Any) -> None:
        self.batches = batches
        _LIVE.add(self)

    def __next__(self) -> Any:
        """The next batch."""
        with _looking_at([worker.pid for worker in self.batches._workers]):
            try:
                return next(self.batches)
            except (LoaderError, SystemExit):
                self.kill()
                raise
            except RuntimeError as error:
                if not str(error).startswith('DataLoader worker'):
                    raise
                self.kill()
                found = (_lost(worker.exitcode or 0) for worker in self.batches._workers)
                lost = next(filter(None, found), None)
                if lost is None:
                    raise
                raise lost from error

    def kill(self) -> None:
        """End the workers at once.

        Torch would wait 5 seconds for each, and for ever where one has died with a lock of its own.
        """
        batches = self.batches
        if batches._worker_pids_set:
            # Else torch would raise an error for each of them
            _remove_worker_pids(id(batches))
            batches._worker_pids_set = False
        batches._shutdown = True
        for worker in batches._workers:
            worker.kill()
            worker.join()
        for queue in batches._index_queues:
            queue.cancel_join_thread()
            queue.close()
        if hasattr(batches, '_pin_memory_thread_done_event'):
            batches._pin_memory_thread_done_event.set()


def abandon_loaders() -> None:
    """End the workers of every loader, once one of them is lost."""
    for batches in list(_LIVE):
        batches.kill()


@contextmanager
def _looking_at(workers: list[int]) -> Iterator[None]:
    """Look at ``workers`` every :data:`LOOK` seconds, where this process has its alarm to spare."""
    free = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    )
    if not free:
        yield
        return
    signal.signal(signal.SIGALRM, _Look(workers))
    signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


class _Look:
    """The handler of the alarm: ends a wait that is in vain, or that a stop has waited for."""

    def __init__(self, workers: list[int]) -> None:
        self.workers = workers
        self.begun = self.since = time.monotonic()
        self.ticks = -RESTING_TICKS

    def __call__(self, number: int, frame: Any) -> None:
        now = time.monotonic()
        if _Wanted.stop is not None and now - max(_Wanted.stop[0], self.begun) > HURRY:
            _, stop = _Wanted.stop
            _Wanted.stop = None
            stop()
        ticks, reading = _activity(self.workers)
        if reading or ticks - self.ticks >= RESTING_TICKS:
            self.ticks, self.since = ticks, now
        elif now - self.since > IDLE:
            raise LoaderError(
                f'no batch came for {now - self.begun:.0f} s, and no worker of the dataloader does '
                'anything: mostly /dev/shm is too small (docker run --shm-size=8g) or file '
                'descriptors are too few (ulimit -n 4096); or set num_workers=0 in the *_dataloader'
            )


def _activity(workers: list[int]) -> tuple[int, bool]:
    """CPU time of all workers in ticks, and whether one runs or waits for a disk."""
    ticks, reading = 0, not Path('/proc/self/stat').exists()  # elsewhere nothing is known
    for pid in workers:
        try:
            fields = Path(f'/proc/{pid}/stat').read_text('utf-8').rpartition(')')[2].split()
        except OSError:  # it has ended, which torch sees by itself
            continue
        ticks += int(fields[11]) + int(fields[12])
        reading |= fields[0] in 'RD'
    return ticks, reading

"""Runs a study: starts, watches and retries its runs until all have come to an end."""

import signal
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ostrdet.datasets.loader import SIGNALS
from ostrdet.engine.checkpoint import work_dir_lock
from ostrdet.errors import WorkDirInUseError
from ostrdet.studies.console import StudyConsole
from ostrdet.studies.plan import DONE, FAILED, Mark, Run, write_mark
from ostrdet.studies.pools import Ending, Pool

INTERVAL = 0.2  # seconds between two looks at what runs


class StopRequest:
    """Signals that asked the study to stop; the second one is in a hurry."""

    def __init__(self) -> None:
        self.first, self.is_urgent = 0, False

    def note(self, number: int, frame: Any) -> None:
        """Take a signal."""
        self.is_urgent = bool(self.first)
        self.first = self.first or number


@contextmanager
def stop_signals() -> Iterator[StopRequest]:
    """Note what ends a run instead of ending at once; what is ignored, as by ``nohup``, stays so."""
    request = StopRequest()
    heard = [n for n in SIGNALS if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, request.note) for number in heard}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_all(runs: Sequence[Run], pool: Pool, retries: int, console: StudyConsole) -> int:
    """Bring runs to their ends.

    Args:
        runs: What is left to do.
        pool: Where attempts run.
        retries: How often a failed run is tried again.
        console: Where it is told.

    Returns:
        The signal that stopped it, or 0.
    """
    waiting, attempts, told = deque(runs), Counter[Run](), ''
    with stop_signals() as request:
        while waiting or pool.running:
            if request.first:
                waiting.clear()
                now = 'kill' if request.is_urgent else 'stop'
                if told != now:
                    told = now
                    console.stopping(len(pool.running))
                    pool.stop(request.is_urgent)
            while not request.first and waiting and pool.has_room():
                if not (run := _next(waiting, console)):
                    break
                attempts[run] += 1
                pool.start(run)
                console.started(run)
            for run, ending in pool.collect():
                if _again(run, ending, attempts[run], retries, request, console):
                    waiting.append(run)
            console.look(pool.running)
            time.sleep(INTERVAL)
    return request.first


def _next(waiting: deque[Run], console: StudyConsole) -> Run | None:
    """Take the first run whose work dir nobody else writes into."""
    for run in waiting:
        try:
            with work_dir_lock(run.work_dir):
                pass
        except WorkDirInUseError:  # its process outlived a study that was killed
            console.held(run)
            continue
        waiting.remove(run)
        return run
    return None


def _again(
    run: Run,
    ending: Ending,
    attempts: int,
    retries: int,
    request: StopRequest,
    console: StudyConsole,
) -> bool:
    """Note how an attempt ended; whether the run is to be tried again."""
    if ending.status == 0:
        write_mark(run, Mark(DONE, run.digest, attempts))
        console.done(run, attempts)
    elif request.first:
        console.stopped(run)
    elif attempts <= retries:
        console.retried(run, ending, attempts, retries)
        return True
    else:
        write_mark(run, Mark(FAILED, run.digest, attempts, ending.message))
        console.failed(run, ending, attempts)
    return False

"""Where attempts run: the contract, and this machine, within its cores and its memory."""

import os
import signal
from pathlib import Path
from typing import Protocol

from ostrdet.apis.studies.file import Parallel
from ostrdet.apis.studies.plan import Run
from ostrdet.apis.studies.process import KIB_PER_GIB, Attempt, Ending
from ostrdet.engine.checkpoint import checkpoints

#: What a run is given above the peak that was seen.
MARGIN = 1.2


class Pool(Protocol):
    """Runs attempts side by side."""

    @property
    def running(self) -> list[Run]:
        """What was started and has not been collected."""

    def has_room(self) -> bool:
        """Whether one more may start now."""

    def start(self, run: Run) -> None:
        """Start an attempt."""

    def collect(self) -> list[tuple[Run, Ending]]:
        """The attempts that have ended since the last call."""

    def stop(self, kill: bool = False) -> None:
        """Ask all attempts to save a checkpoint and end, or end them at once."""


class LocalPool:
    """Attempts on this machine.

    Without ``memory_gib``, the first attempt runs alone until it has saved a checkpoint; its peak is
    then what an attempt needs, with a fifth to spare. One attempt always runs, whatever it needs.
    """

    def __init__(self, parallel: Parallel) -> None:
        self.threads = parallel.threads
        self.workers = parallel.workers or max(1, num_cores() // parallel.threads)
        self._given, self._seen = parallel.memory_gib, 0.0
        self._attempts: list[Attempt] = []

    @property
    def running(self) -> list[Run]:
        """What was started and has not been collected."""
        return [attempt.run for attempt in self._attempts]

    def has_room(self) -> bool:
        """Whether cores and memory allow one more."""
        if not self._attempts:
            return True
        free = available_gib()
        if len(self._attempts) >= self.workers or free is None:
            return len(self._attempts) < self.workers
        need = self._given or self._learn()
        if not need:
            return False
        # What runs has not grown to its size yet
        grows = sum(max(0.0, need - (a.memory_gib('VmRSS') or 0.0)) for a in self._attempts)
        return need <= free - grows

    def start(self, run: Run) -> None:
        """Start an attempt."""
        self._attempts.append(Attempt(run, self.threads))

    def collect(self) -> list[tuple[Run, Ending]]:
        """The attempts that have ended since the last call."""
        self._learn()
        polled = [(attempt, attempt.poll()) for attempt in self._attempts]
        self._attempts = [attempt for attempt, ending in polled if ending is None]
        return [(attempt.run, ending) for attempt, ending in polled if ending is not None]

    def stop(self, kill: bool = False) -> None:
        """Ask all attempts to save a checkpoint and end, or end them at once."""
        for attempt in self._attempts:
            attempt.stop(signal.SIGKILL if kill else signal.SIGTERM)

    def _learn(self) -> float:
        """What an attempt needs by those that have saved a checkpoint; 0 while none has."""
        for attempt in self._attempts:
            peak = attempt.memory_gib('VmHWM') or 0.0
            if MARGIN * peak > self._seen and checkpoints(attempt.run.work_dir):
                self._seen = MARGIN * peak
        return self._seen


def num_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_gib() -> float | None:
    """The memory that programs can have now in GiB, None where the system does not say."""
    try:
        text = Path('/proc/meminfo').read_text(encoding='ascii')
    except OSError:
        return None
    values = dict(line.split(':', 1) for line in text.splitlines())
    return int(values['MemAvailable'].split()[0]) / KIB_PER_GIB

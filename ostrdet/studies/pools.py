"""Attempts of runs, each a process, and where they run: within the cores and memory of a machine."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from ostrdet.engine.checkpoint import checkpoints
from ostrdet.studies.file import Parallel
from ostrdet.studies.plan import Run

CONSOLE = 'console.log'
MODULES = MappingProxyType({'search': 'ostrdet.commands.search', 'train': 'ostrdet.commands.train'})
KIB_PER_GIB = 2**20
TAIL = 4096  # bytes of the console in which the last line is sought
#: What a run is given above the peak that was seen.
MARGIN = 1.2


@dataclass(frozen=True)
class Ending:
    """How an attempt ended.

    Attributes:
        status: Exit status; minus the signal where one killed it.
        message: Its last line, or the name of the signal.
    """

    status: int
    message: str


class Attempt:
    """A process that runs, with everything that it says in ``console.log`` of its work dir.

    It has a process group of its own, so that Ctrl-C reaches it through the study alone.

    Args:
        run: What to run.
        threads: How many threads it computes with.
        folder: What paths of the run are relative to.
    """

    def __init__(self, run: Run, threads: int, folder: str | Path = '.') -> None:
        self.run = run
        self._log = Path(folder) / run.work_dir / CONSOLE
        self._log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, '-m', MODULES[run.tool], *run.arguments]
        with self._log.open('ab') as log:
            self._begin = log.tell()
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, 'OMP_NUM_THREADS': str(threads)},
                start_new_session=True,
            )

    def poll(self) -> Ending | None:
        """How it ended, or None while it runs."""
        return None if self._process.poll() is None else self._ending()

    def wait(self) -> Ending:
        """Wait for its end."""
        self._process.wait()
        return self._ending()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Send a signal; SIGTERM makes it save a checkpoint and end."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def memory_gib(self, key: str) -> float | None:
        """'VmRSS' (now) or 'VmHWM' (peak) of it and its workers in GiB; None where unknown."""
        found = [value for pid in _family(self._process.pid) if (value := _memory(pid, key))]
        return sum(found) / KIB_PER_GIB if found else None

    def _ending(self) -> Ending:
        status = self._process.returncode
        if status < 0:
            return Ending(status, f'killed by {signal.Signals(-status).name}')
        with self._log.open('rb') as log:
            log.seek(max(self._begin, self._log.stat().st_size - TAIL))
            lines = log.read().decode(errors='replace').split('\n')
        last = next((line.strip() for line in reversed(lines) if line.strip()), '')
        return Ending(status, last.removeprefix('error: ') or f'exit status {status}')


def _family(pid: int) -> Iterator[int]:
    """A process and all that descend from it, on Linux."""
    yield pid
    try:
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='ascii').split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _memory(pid: int, key: str) -> int | None:
    """A line of ``/proc/PID/status`` in KiB."""
    try:
        text = Path(f'/proc/{pid}/status').read_text(encoding='utf-8')
    except OSError:
        return None
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(key)), None)


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

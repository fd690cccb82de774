"""An attempt of a run: a process of its own, what it takes, and how it ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ostrdet.apis.studies.plan import Run

CONSOLE = 'console.log'
MODULES = MappingProxyType({'search': 'ostrdet.apis.search_cli', 'train': 'ostrdet.apis.train_cli'})
KIB_PER_GIB = 2**20
TAIL = 4096  # bytes of the console in which the last line is sought


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

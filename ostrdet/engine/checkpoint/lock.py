"""A work dir belongs to one run at a time."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ostrdet.errors import WorkDirInUseError

try:
    import fcntl
except ImportError:  # no such locks on this system: two runs are not told apart
    fcntl = None  # type: ignore[assignment]

NAME = '.lock'
#: The locks of this process, which the system does not tell from itself: the open files.
_held: dict[Path, IO[str]] = {}
#: Those whose run is under way.
_running: set[Path] = set()


def hold_work_dir(folder: str | Path) -> None:
    """Keep other processes out of the work dir, from before the first file until the run ends.

    The system lets go of it when the process ends, however it ends. The lock is of the process
    alone: worker processes that outlive it for a moment hold nothing. A process that holds the
    folder, but has no run under way there, may hold it again.

    Raises:
        WorkDirInUseError: If another process holds it, or a run of this one is under way there.
    """
    path = _lock_of(folder)
    if path in _running:
        raise WorkDirInUseError(_in_use(path))
    if path in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open('a+', encoding='utf-8')
    try:
        _take(stream, path)
    except OSError:
        stream.close()
        raise
    stream.seek(0)
    stream.truncate()
    stream.write(f'process {os.getpid()} on {socket.gethostname()}')
    stream.flush()
    _held[path] = stream


def release_work_dir(folder: str | Path) -> None:
    """Let other processes in again; nothing happens where this one does not hold the folder."""
    stream = _held.pop(_lock_of(folder), None)
    if stream is not None:
        stream.close()


@contextmanager
def work_dir_lock(folder: str | Path) -> Iterator[None]:
    """Hold the work dir while a run is under way.

    Raises:
        WorkDirInUseError: As in :func:`hold_work_dir`.
    """
    hold_work_dir(folder)
    path = _lock_of(folder)
    _running.add(path)
    try:
        yield
    finally:
        _running.discard(path)
        release_work_dir(folder)


def _hold_nothing() -> None:
    """What a forked process does first: the locks are its parent's."""
    for stream in _held.values():
        stream.close()
    _held.clear()
    _running.clear()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_hold_nothing)


def _lock_of(folder: str | Path) -> Path:
    return Path(folder).resolve() / NAME


def _take(stream: IO[str], path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:  # which of them depends on the system
        raise WorkDirInUseError(_in_use(path)) from error


def _in_use(path: Path) -> str:
    # Not read where this process holds it: closing the file would let go of the lock
    holder = 'this process' if path in _held else path.read_text(encoding='utf-8')
    return f"'{path.parent}' is in use by {holder}: wait for it, or give another --work-dir"

"""A work dir belongs to one run at a time."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # no such locks on this system: two runs are not told apart
    fcntl = None  # type: ignore[assignment]

NAME = '.lock'
#: The files that this process holds: the system does not tell it from itself.
_held: set[Path] = set()


class WorkDirInUseError(OSError):
    """Another run writes into this work dir."""

    exit_status = 4


@contextmanager
def work_dir_lock(folder: str | Path) -> Iterator[None]:
    """Hold the work dir; the system lets go of it when the process ends, however it ends.

    The lock is of the process alone: worker processes that outlive it for a moment hold nothing.

    Raises:
        WorkDirInUseError: If another run holds it.
    """
    path = Path(folder).resolve() / NAME
    if path in _held:
        raise WorkDirInUseError(_in_use(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('a+', encoding='utf-8') as stream:
        _take(stream, path)
        _held.add(path)
        try:
            stream.seek(0)
            stream.truncate()
            stream.write(f'process {os.getpid()} on {socket.gethostname()}')
            stream.flush()
            yield
        finally:
            _held.discard(path)


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

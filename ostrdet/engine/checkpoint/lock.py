"""A work dir belongs to one run at a time."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on this system: two runs are not told apart
    fcntl = None  # type: ignore[assignment]

NAME = '.lock'


class WorkDirInUseError(OSError):
    """Another run writes into this work dir."""

    exit_status = 4


@contextmanager
def work_dir_lock(folder: str | Path) -> Iterator[None]:
    """Hold the work dir; the system lets go of it when the process ends, however it ends.

    Raises:
        WorkDirInUseError: If another run holds it.
    """
    path = Path(folder) / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('a+', encoding='utf-8') as stream:
        if fcntl is not None:
            _take(stream.fileno(), path)
        stream.seek(0)
        stream.truncate()
        stream.write(f'process {os.getpid()} on {socket.gethostname()}')
        stream.flush()
        yield


def _take(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = path.read_text(encoding='utf-8')
        raise WorkDirInUseError(
            f"'{path.parent}' is in use by {holder}: wait for it, or give another --work-dir"
        ) from error

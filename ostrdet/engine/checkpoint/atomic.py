"""Files that are whole or not there: written beside their place, synced, renamed, with a checksum."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.fileio import LocalBackend, register_backend

SUM = '.sha256'
#: Files that get a checksum beside them.
CHECKED = '.pth'


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` so that ``path`` always holds the old content or the new, whatever happens.

    Raises:
        OSError: If it can't be written, with the bytes that were needed and those that are free; what
            was there before is untouched, and nothing is left over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.tmp')
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open('xb') as stream:  # a new file: a link would lead out of the folder
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        free = shutil.disk_usage(path.parent).free
        raise OSError(
            error.errno,
            f'{error.strerror}; {len(data):,} bytes are needed, {free:,} are free. What was there '
            'before is untouched: make room, and go on with --resume',
            str(path),
        ) from error
    _sync_folder(path.parent)


def sum_of(path: Path) -> Path:
    """The file with the checksum of ``path``."""
    return path.with_name(path.name + SUM)


def digest(data: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class AtomicBackend(LocalBackend):
    """mmengine's backend of local files, writing atomically; checkpoints get a checksum.

    The checksum comes second: a checkpoint without one was cut off in between, and is whole.
    """

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        """Write bytes."""
        path, data = Path(filepath), bytes(obj)
        if path.suffix == CHECKED:
            sum_of(path).unlink(missing_ok=True)  # that of the file that is replaced
        write_atomically(path, data)
        if path.suffix == CHECKED:
            write_atomically(sum_of(path), digest(data).encode())

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text."""
        write_atomically(Path(filepath), obj.encode(encoding))

    def remove(self, filepath: str | Path) -> None:
        """Remove a file, and its checksum."""
        super().remove(filepath)
        sum_of(Path(filepath)).unlink(missing_ok=True)


def use_atomic_files() -> None:
    """Let all of mmengine write local files atomically."""
    register: Callable[..., Any] = register_backend
    register('local', AtomicBackend, force=True, prefixes='')

"""mmengine's files, written atomically; checkpoints get a checksum."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.fileio import LocalBackend, register_backend

from ostrdet.structures.atomic import write_atomically

SUM = '.sha256'
#: Files that get a checksum beside them.
CHECKED = '.pth'


def sum_of(path: Path) -> Path:
    """The file with the checksum of ``path``."""
    return path.with_name(path.name + SUM)


def digest(data: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


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

"""Files that are whole or not there: written beside their place, synced, renamed."""

import csv
import io
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


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
            'before is untouched: make room, and continue with --resume',
            str(path),
        ) from error
    _sync_folder(path.parent)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a CSV file, whole or not at all; None is empty.

    Raises:
        ValueError: If a row has another column.
        OSError: As :func:`write_atomically`.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, stream.getvalue().encode())


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

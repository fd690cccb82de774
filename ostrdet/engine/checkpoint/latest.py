"""The newest checkpoint of a work dir that is whole, found by looking at the files."""

import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from ostrdet.engine.checkpoint.atomic_files import digest, sum_of
from ostrdet.errors import DamagedFileError

_NAME = re.compile(r'epoch_(\d+)(?:_iter_(\d+))?\.pth')

#: What ``zipfile`` raises on an archive that is cut off, changed or made up.
_UNREADABLE = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,  # it is encrypted
    ValueError,
    struct.error,
)


def name_within_epoch(epoch: int, iteration: int) -> str:
    """The name of a checkpoint after ``epoch`` whole epochs and ``iteration`` iterations more."""
    return f'epoch_{epoch}_iter_{iteration}.pth'


def position(path: Path) -> tuple[int, int] | None:
    """How far a run was at a checkpoint: whole epochs, and iterations more; None by another name.

    Examples:
        >>> position(Path('run/epoch_3.pth')), position(Path('run/epoch_3_iter_70.pth'))
        ((3, 0), (3, 70))
    """
    match = _NAME.fullmatch(path.name)
    return (int(match[1]), int(match[2] or 0)) if match else None


def checkpoints(folder: str | Path) -> list[Path]:
    """The checkpoints of a work dir by their names, newest first.

    The file ``last_checkpoint`` that mmengine writes beside them is not asked: it holds an absolute
    path, and where it is lost mmengine would start from zero.
    """
    found = {
        key: path
        for path in Path(folder).glob('epoch_*.pth')
        if (key := position(path)) is not None and path.is_file()
    }
    return [found[key] for key in sorted(found, reverse=True)]


def other_checkpoints(folder: str | Path) -> list[Path]:
    """Files of a work dir that end like a checkpoint, but do not say how far a run was."""
    files = Path(folder).iterdir() if Path(folder).is_dir() else ()
    ends = (path for path in files if path.suffix.lower() == '.pth' and path.is_file())
    return sorted(path for path in ends if position(path) is None)


def latest_checkpoint(folder: str | Path, warn: Callable[[str], None] | None = None) -> Path | None:
    """The newest whole checkpoint, or None where there is none at all.

    Args:
        folder: The work dir.
        warn: Told of every damaged checkpoint that is passed over.

    Raises:
        DamagedFileError: If there are checkpoints, but every one is damaged.
    """
    found = checkpoints(folder)
    damages: dict[Path, str] = {}
    for path in found:
        damage = damage_of(path)
        if damage is None:
            for other, reason in damages.items():
                if warn is not None:
                    warn(f"'{other}' is damaged ({reason}); '{path.name}' is used instead")
            return path
        damages[path] = damage
    if not damages:
        return None
    listed = '; '.join(f"'{path}' {reason}" for path, reason in damages.items())
    raise DamagedFileError(
        f'every checkpoint is damaged: {listed}. Restore one, or start anew in another --work-dir'
    )


def damage_of(path: Path) -> str | None:
    """What is wrong with a checkpoint; None if it is whole.

    By its checksum, or, where it has none, by those inside of the archive that it is.
    """
    data = path.read_bytes()
    if not data:
        return 'is empty'
    if sum_of(path).is_file():
        same = digest(data) == sum_of(path).read_text(encoding='utf-8').strip()
        return None if same else 'has another checksum than what was written'
    try:
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                return 'is compressed, which no checkpoint is'  # and may grow without end
            broken = archive.testzip()
    except _UNREADABLE as error:
        return f'is cut off or no archive ({error})'
    return None if broken is None else f'is broken at {broken}'

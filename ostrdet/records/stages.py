"""The folders of a search in stages, each the work dir of a search like any other."""

from itertools import count, takewhile
from pathlib import Path

from ostrdet.errors import InvalidValueError
from ostrdet.records.files import TRAJECTORY


def stage_folder(work_dir: str | Path, number: int) -> Path:
    """The folder of a stage, counted from 1."""
    return Path(work_dir) / f'stage_{number}'


def stage_folders(work_dir: str | Path) -> list[Path]:
    """The folders of the stages that have begun, in their order; none of a search without stages."""
    if (Path(work_dir) / TRAJECTORY).is_file():
        return []
    return list(takewhile(Path.is_dir, (stage_folder(work_dir, n) for n in count(1))))


def searches_of(work_dir: str | Path) -> list[Path]:
    """The folders of the stages, or the work dir itself of a search without; the last has the result."""
    return stage_folders(work_dir) or [Path(work_dir)]


def check_one_search(work_dir: str | Path) -> None:
    """Check that a work dir is not that of several stages.

    Raises:
        InvalidValueError: If it is; the folder of the last stage is named.
    """
    if stages := stage_folders(work_dir):
        raise InvalidValueError(
            f"'{work_dir}' holds a search in {len(stages)} stages, expected one search; give the "
            f"folder of a stage, such as '{stages[-1]}'"
        )

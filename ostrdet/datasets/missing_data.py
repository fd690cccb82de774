"""Errors that say how to get a data set."""

from pathlib import Path

MEND = "Set the dataset's `data_root` in the config, or give --data-root DIR."


def check_folder(folder: str | Path, what: str, layout: str) -> Path:
    """``folder`` as a path.

    Args:
        folder: The folder that must exist.
        what: What should be there, for the message.
        layout: How the folder should look, and where its files come from.

    Raises:
        FileNotFoundError: If the folder does not exist.
        NotADirectoryError: If it is a file.
    """
    path = Path(folder)
    if not path.exists():
        raise FileNotFoundError(f"{what}: no folder '{path.absolute()}'. {layout} {MEND}")
    if not path.is_dir():
        raise NotADirectoryError(f"{what}: '{path.absolute()}' is not a folder. {layout} {MEND}")
    return path


def check_files(folder: str | Path, names: list[str], what: str, layout: str) -> None:
    """Check that ``folder`` holds all files ``names``; arguments as in :func:`check_folder`.

    Raises:
        FileNotFoundError: If the folder or one of the files does not exist.
        NotADirectoryError: If the folder is a file.
    """
    path = check_folder(folder, what, layout)
    lost = [name for name in names if not (path / name).is_file()]
    if lost:
        raise FileNotFoundError(
            f"{what}: no file {', '.join(lost)} in '{path.absolute()}'. {layout} {MEND}"
        )

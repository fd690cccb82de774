"""The image files of a folder, by what OpenCV and Pillow can decode."""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import cv2

#: JPEG by another name; decoders look at the content, but OpenCV lists no such suffix.
JFIF = '.jfif'
_DECODED = (
    *('.jpg', '.jpeg', '.jpe', '.png', '.apng', '.webp', '.avif', '.gif', '.bmp', '.dib'),
    *('.tif', '.tiff', '.jp2', '.ppm', '.pgm', '.pbm', '.pnm', '.ras'),
)
#: Suffixes of what both decoders read, as far as this OpenCV was built with it.
SUFFIXES = (JFIF, *(suffix for suffix in _DECODED if cv2.haveImageWriter(f'x{suffix}')))
#: Folders that systems lay beside the images; those with a dot in front are known by it.
OF_THE_SYSTEM = ('__MACOSX', '@eaDir')


class Found(NamedTuple):
    """What a folder holds.

    Attributes:
        images: The image files, sorted by path.
        passed_over: How many other entries there are, by suffix or kind.
    """

    images: list[Path]
    passed_over: Counter[str]


def find_images(
    folder: Path, suffixes: Iterable[str] = SUFFIXES, elsewhere: Iterable[Path] = ()
) -> Found:
    """The image files of a folder and of all folders below; links are followed.

    A folder is read once, however many links lead to it, so a link that leads back ends nowhere.
    Hidden entries, and folders of the system, are passed over and not counted.

    Args:
        folder: Where to look.
        suffixes: Suffixes of image files, in lower case.
        elsewhere: Folders that are not read, even if a link leads to them.

    Raises:
        OSError: If a folder can't be read.
    """
    known, found = tuple(suffixes), Found([], Counter())
    seen = {path.resolve() for path in elsewhere if path.resolve() != folder.resolve()}
    stack = [folder]
    while stack:
        place = stack.pop()
        if place.resolve() in seen:
            found.passed_over['(link to a folder that is read elsewhere)'] += 1
            continue
        seen.add(place.resolve())
        with os.scandir(place) as entries:
            shown = sorted((e for e in entries if is_visible(e.name)), key=lambda e: e.name)
        stack += [Path(entry.path) for entry in reversed(shown) if _leads(entry.is_dir)]
        for entry in shown:
            if _leads(entry.is_file) and entry.name.lower().endswith(known):
                found.images.append(Path(entry.path))
            elif not _leads(entry.is_dir):
                found.passed_over[_kind(entry)] += 1
    return Found(sorted(found.images), found.passed_over)


def loose_files(folder: Path) -> Counter[str]:
    """How many files lie in a folder itself, by suffix; they are in no class.

    Raises:
        OSError: If it can't be read.
    """
    with os.scandir(folder) as entries:
        files = [entry for entry in entries if is_visible(entry.name) and not _leads(entry.is_dir)]
    return Counter(f'{_kind(entry)} beside the class folders' for entry in files)


def is_visible(name: str) -> bool:
    """Whether a file or folder is neither hidden nor one of the system."""
    return not name.startswith('.') and name not in OF_THE_SYSTEM


def listed(passed_over: Mapping[str, int]) -> str:
    """Numbers and kinds as text, the most frequent first.

    Examples:
        >>> listed({'.txt': 1, '.heic': 1200})
        '1,200 .heic, 1 .txt'
    """
    ordered = sorted(passed_over.items(), key=lambda item: (-item[1], item[0]))
    return ', '.join(f'{count:,} {kind}' for kind, count in ordered)


def _leads(test: Callable[[], bool]) -> bool:
    """What an entry is; a link to itself is nothing."""
    try:
        return test()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise


def _kind(entry: os.DirEntry[str]) -> str:
    if _leads(entry.is_file):
        return Path(entry.name).suffix.lower() or '(no suffix)'
    return '(broken link)' if entry.is_symlink() else '(no regular file)'

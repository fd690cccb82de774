"""The sizes of the package: no folder is an attic, and a file is read at one sitting."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from statistics import median

import pytest

Texts = dict[str, str]
#: Most lines of a folder of the package, subfolders included, as a part of all.
MAX_FOLDER_SHARE = 0.15
MAX_VERBS = 15
MEDIAN_LINES = range(80, 131)


@pytest.fixture(scope='module')
def package(repo_root: Path) -> Texts:
    files = sorted((repo_root / 'ostrdet').rglob('*.py'))
    return {file.relative_to(repo_root).as_posix(): file.read_text('utf-8') for file in files}


def large_folders(texts: Texts) -> Iterator[str]:
    """Folders of the package that hold too much of it."""
    lines: Counter[str] = Counter()
    for path, text in texts.items():
        if path.startswith('ostrdet/'):
            lines[PurePosixPath(path).with_suffix('').parts[1]] += len(text.splitlines())
    for folder, count in lines.items():
        if count > MAX_FOLDER_SHARE * lines.total():
            yield f'{folder}: {count} of {lines.total()} lines'


def verbs(texts: Texts) -> list[str]:
    """The files of ``ostrdet/apis``."""
    return [path for path in texts if path.startswith('ostrdet/apis/')]


def test_folders_and_files_of_the_package_have_their_sizes(package: Texts) -> None:
    assert list(large_folders(package)) == []
    assert len(verbs(package)) <= MAX_VERBS
    sizes = [len(text.splitlines()) for text in package.values()]
    assert round(median(sizes)) in MEDIAN_LINES


def test_large_folder_is_found() -> None:
    texts = {f'ostrdet/{name}/a.py': 'x = 1\n' * 10 for name in 'abcdefgh'}
    assert list(large_folders(texts)) == []
    breaches = large_folders(texts | {'ostrdet/a/b.py': 'x = 1\n' * 10})
    assert list(breaches) == ['a: 20 of 90 lines']
    assert verbs({'ostrdet/apis/a.py': '', 'ostrdet/a.py': ''}) == ['ostrdet/apis/a.py']

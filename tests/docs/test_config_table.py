"""The table of search configs: every config has a row, and every row a config."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path

import pytest

#: In the table, the name of any method.
METHOD = 'METHOD'


def expanded(pattern: str) -> Iterator[str]:
    """The patterns that braces stand for."""
    parts = [
        part.split(',') if index % 2 else [part]
        for index, part in enumerate(re.split(r'\{([^}]*)\}', pattern))
    ]
    yield from (''.join(chosen).replace(METHOD, '*') for chosen in product(*parts))


@pytest.fixture
def patterns(repo_root: Path) -> list[str]:
    text = (repo_root / 'docs' / 'searching.md').read_text(encoding='utf-8')
    table = text.split('## Configs')[1].split('\n\n')[1]
    cells = [row.split('|')[1] for row in table.splitlines()[2:]]
    written = [name for cell in cells for name in re.findall(r'`([^`]+)`', cell)]
    return [pattern for name in written for pattern in expanded(name)]


def test_braces_stand_for_each_of_their_parts() -> None:
    assert list(expanded('a{b,c}_{d,e}*')) == ['ab_d*', 'ab_e*', 'ac_d*', 'ac_e*']


def test_every_config_has_a_row_and_every_row_a_config(
    repo_root: Path, patterns: list[str]
) -> None:
    names = sorted(path.name for path in (repo_root / 'configs' / 'search').glob('*.py'))
    assert len(names) > 100
    told = {pattern: [n for n in names if fnmatchcase(n, as_glob(pattern))] for pattern in patterns}
    assert [pattern for pattern, found in told.items() if not found] == []
    assert sorted({name for found in told.values() for name in found}) == names


def as_glob(pattern: str) -> str:
    """A pattern that ends at the suffix of a config."""
    return pattern if pattern.endswith('.py') else f'{pattern.rstrip("*")}*.py'

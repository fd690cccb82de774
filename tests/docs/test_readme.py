"""README.md: its counts are those of the code, its Python runs, and it stays short."""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ostrdet.analysis.analyses import ANALYSES
from ostrdet.registry import CRITERIA, DATASETS, DERIVATIONS, OPS, PROXIES, SPACES
from ostrdet.spaces.zoo import list_genotypes

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / 'README.md').read_text(encoding='utf-8')
ROWS = {what: int(n) for what, n in re.findall(r'^\| ([\w -]+) \| (\d+) \|', TEXT, re.MULTILINE)}


def members(registry: Any) -> int:
    """The members that this package registers, without those of its parents and of tests."""
    registry.import_from_location()
    found = registry.module_dict.values()
    return sum(member.__module__.startswith('ostrdet.') for member in found)


def methods() -> int:
    """Rows of the table of methods."""
    page = (ROOT / 'docs' / 'methods.md').read_text(encoding='utf-8')
    table = page.split('| method |')[1].split('\n\n')[0]
    return len(table.splitlines()) - 2


COUNTS: dict[str, Callable[[], int]] = {
    'search spaces': lambda: members(SPACES),
    'candidate operations': lambda: members(OPS),
    'search methods': methods,
    'selection criteria': lambda: members(CRITERIA),
    'derivations': lambda: members(DERIVATIONS),
    'training-free scores': lambda: members(PROXIES),
    'analyses': lambda: len(ANALYSES),
    'published genotypes': lambda: len(list_genotypes()),
    'data sets': lambda: members(DATASETS),
    'tasks': lambda: len([p for p in ('search', 'retrain', 'retinanet') if list_configs(p)]),
}


def list_configs(folder: str) -> list[Path]:
    return [*(ROOT / 'configs' / folder).glob('*.py')]


def test_every_row_is_counted() -> None:
    assert set(ROWS) == set(COUNTS)


@pytest.mark.parametrize('what', COUNTS)
def test_the_table_counts_what_there_is(what: str) -> None:
    assert ROWS[what] == COUNTS[what](), f'README.md, What is in it: {what}'


def test_its_numbers_are_those_of_the_results() -> None:
    results = (ROOT / 'docs' / 'results.md').read_text(encoding='utf-8')
    found = re.findall(r'(\d\d\.\d\d) ± (\d+\.\d\d)', TEXT)
    assert len(found) == 5
    for mean, deviation in found:
        assert f'| {mean} +- {deviation} |' in results


def test_its_python_runs(
    quick_dump: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (block,) = re.findall(r'^ {4}import ostrdet\n(?:(?: {4}.*)?\n)+', TEXT, re.MULTILINE)
    code = [line for line in dedent(block).splitlines() if line]
    assert len(code) <= 10
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    exec(compile('\n'.join(code), 'README.md', 'exec'), {})
    said = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r'\d{4,} parameters', said)
    assert (tmp_path / 'work_dirs' / 'python' / 'cell.svg').is_file()


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) <= 90

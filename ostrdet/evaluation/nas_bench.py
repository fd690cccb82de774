"""Reading tables of benchmark numbers, whatever they are stored in."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from ostrdet.evaluation.benchmark_table import (
    HOW_TO_GET,
    BenchmarkError,
    BenchmarkTable,
    UnknownCellError,
)
from ostrdet.evaluation.csv_table import ARCH, INDEX, CSVTable, FileTable, JSONTable
from ostrdet.evaluation.joined_table import JoinedTable
from ostrdet.evaluation.nats_table import NATSTable

__all__ = ['BenchmarkError', 'BenchmarkTable', 'UnknownCellError', 'load_table']

AnyPath = str | os.PathLike[str]


def load_table(paths: AnyPath | Sequence[AnyPath]) -> BenchmarkTable:
    """Read a CSV or JSON file, or open a folder of NATS-Bench; or several, side by side.

    The cells of a CSV file that has the column ``index`` in place of ``arch`` are those of a file beside it
    that has both; alone, they are the numbers. The folder holds pickles, which run what they hold: only open a benchmark that you trust.

    Args:
        paths: A path, or several.

    Raises:
        FileNotFoundError: If there is nothing at a path, or a folder of something else.
        BenchmarkError: If a table is malformed or damaged, a column stands in two of them, or none knows
            the cells of an index.
        MissingPackageError: If a folder is given and the package ``nats_bench`` is not installed.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    for path in several:
        if not Path(path).exists():
            raise FileNotFoundError(f"no benchmark table at '{path}'. {HOW_TO_GET}")
    named = {path: _load(path) for path in several if not _is_numbered(path)}
    arch_of: dict[str, str] = {}
    for table in named.values():
        arch_of |= table.arch_of if isinstance(table, FileTable) else {}
    tables = [named.get(path) or CSVTable(path, arch_of or None) for path in several]
    return tables[0] if len(tables) == 1 else JoinedTable(tables)


def _load(path: AnyPath) -> BenchmarkTable:
    if Path(path).is_dir():
        return NATSTable(path)
    return JSONTable(path) if Path(path).suffix == '.json' else CSVTable(path)


def _is_numbered(path: AnyPath) -> bool:
    """Whether a file names its cells by number alone."""
    if Path(path).is_dir():
        return False
    with Path(path).open(newline='', encoding='utf-8-sig', errors='replace') as file:
        columns = next(csv.reader([file.readline(100_000)]), [])
    return INDEX in columns and ARCH not in columns

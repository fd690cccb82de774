"""Benchmark accuracies in a CSV file."""

import csv
import math
import os
from collections.abc import Iterable, Iterator

from ostrdet.evaluation.benchmark_table import (
    DATASETS,
    HOW_TO_GET,
    BenchmarkError,
    BenchmarkTable,
    cell_key,
)

COLUMNS = ('arch', *DATASETS)


class CSVTable(BenchmarkTable):
    """A CSV file with the columns arch, cifar10, cifar100, imagenet16_120; others are ignored.

    Args:
        path: The file. The first line names the columns, ``arch`` holds the text form of a cell,
            the accuracies are in percent.

    Raises:
        FileNotFoundError: If there is no such file.
        BenchmarkError: If it is malformed, with the number of the line; if all accuracies are
            fractions of 1.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._cells: dict[str, dict[str, float]] = {}
        try:
            with self.path.open(newline='', encoding='utf-8-sig') as file:
                for where, row in self._rows(csv.DictReader(file)):
                    self._add(where, row)
        except (UnicodeDecodeError, csv.Error) as error:
            raise BenchmarkError(f'{path}: not a CSV file ({error}). {HOW_TO_GET}') from None
        self._check_percent()

    def __len__(self) -> int:
        return len(self._cells)

    def cells(self) -> Iterable[str]:
        """The keys, in the order of the file."""
        return self._cells

    def find(self, key: str) -> dict[str, float] | None:
        """The accuracies of a cell, as a copy."""
        found = self._cells.get(key)
        return None if found is None else dict(found)

    def _check_percent(self) -> None:
        """Ten classes are guessed right in 10 % of all cases, so no table is below 1 throughout."""
        largest = max((max(row.values()) for row in self._cells.values()), default=math.inf)
        if largest <= 1:
            raise BenchmarkError(
                f'{self.path}: the largest accuracy is {largest:g}, so these are fractions of 1; expected '
                'percent, numbers from 0 to 100: multiply them by 100'
            )

    def _rows(self, reader: 'csv.DictReader[str]') -> Iterator[tuple[str, dict[str, str]]]:
        """Yield every line and where it stands, for messages."""
        columns = list(reader.fieldnames or ())
        lost = [name for name in COLUMNS if name not in columns]
        if lost:
            raise BenchmarkError(
                f'{self.path}, line 1: the columns {columns} lack {lost}. {HOW_TO_GET}'
            )
        for row in reader:
            where = f'{self.path}, line {reader.line_num}'
            if None in row or None in row.values():  # how csv marks a line too long or too short
                raise BenchmarkError(f'{where}: expected {len(columns)} fields, as in line 1')
            yield where, row

    def _add(self, where: str, row: dict[str, str]) -> None:
        key = cell_key(row['arch'])
        if not key or key in self._cells:
            raise BenchmarkError(f"{where}: 'arch' {f'repeats {key}' if key else 'is empty'}")
        self._cells[key] = {name: _percent(row[name], f"{where}: '{name}'") for name in DATASETS}


def _percent(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise BenchmarkError(f"{where} is '{text}', expected percent, a number from 0 to 100")
    return value

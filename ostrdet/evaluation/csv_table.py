"""Benchmark numbers in a file: CSV, or JSON."""

import csv
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ostrdet.evaluation.benchmark_table import (
    DATASETS,
    HOW_TO_GET,
    BenchmarkError,
    BenchmarkTable,
)
from ostrdet.evaluation.encodings import decoded, from_pairs

#: What names a cell: its text, or its number in another table.
ARCH, INDEX = 'arch', 'index'
#: A line of a table, and where it stands.
Line = tuple[str, Mapping[str, str]]


class FileTable(BenchmarkTable):
    """A table in memory, column by column.

    ``arch`` holds the text of a cell, also in an encoding of :mod:`ostrdet.evaluation.encodings`. Every
    other column but ``index`` that holds numbers alone is a column of the table, in whatever unit;
    cifar10, cifar100 and imagenet16_120 are test accuracies in percent. A field may be empty, or nan:
    then the cell lacks the column.

    Args:
        path: The file.
        arch_of: By index, the cell, for a file that has the column ``index`` in place of ``arch``; its cells
            are the numbers if None.

    Raises:
        FileNotFoundError: If there is no such file.
        BenchmarkError: If it is malformed, with the number of the line; if all accuracies are
            fractions of 1; if it has no cells, or no column of numbers.
    """

    def __init__(
        self, path: str | os.PathLike[str], arch_of: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(path)
        lines = list(self._lines())
        texts = self._texts(lines, arch_of)
        names = [name for name in (lines[0][1] if lines else ()) if name not in (ARCH, INDEX)]
        columns = {name: self._numbers(name, lines) for name in names}
        self._columns = {name: values for name, values in columns.items() if values is not None}
        self._cells: dict[str, int] = {}
        for row, ((where, _), key) in enumerate(zip(lines, decoded(texts), strict=True)):
            if not key or key in self._cells:
                raise BenchmarkError(f"{where}: 'arch' {f'repeats {key}' if key else 'is empty'}")
            self._cells[key] = row
        #: By index, the text of the cell, where the file has both.
        self.arch_of = {
            line[INDEX]: key
            for (_, line), key in zip(lines, self._cells, strict=True)
            if line.get(INDEX)
        }
        self._check_percent()

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that hold numbers, in the order of the file."""
        return tuple(self._columns)

    def cells(self) -> Iterable[str]:
        """The keys, in the order of the file."""
        return self._cells

    def column(self, name: str) -> dict[str, float]:
        """As in :class:`BenchmarkTable`."""
        if name not in self._columns:
            return super().column(name)
        pairs = zip(self._cells, self._columns[name], strict=True)
        return {cell: value for cell, value in pairs if not math.isnan(value)}

    def find(self, key: str) -> dict[str, float] | None:
        """The numbers of a cell that it has."""
        row = self._cells.get(key)
        if row is None:
            return None
        found = {name: values[row] for name, values in self._columns.items()}
        return {name: value for name, value in found.items() if not math.isnan(value)}

    def _lines(self) -> Iterator[Line]:
        """Yield every line, as texts by column, with where it stands."""
        raise NotImplementedError

    def _texts(self, lines: Iterable[Line], arch_of: Mapping[str, str] | None) -> list[str]:
        if arch_of is None:
            return [line.get(ARCH, line.get(INDEX, '')) for _, line in lines]
        texts = []
        for where, line in lines:
            if line[INDEX] not in arch_of:
                raise BenchmarkError(f"{where}: no other table knows the index '{line[INDEX]}'")
            texts.append(arch_of[line[INDEX]])
        return texts

    def _numbers(self, name: str, lines: Iterable[Line]) -> list[float] | None:
        """The values of a column; None of one that is text."""
        if name in DATASETS:
            return [_percent(line[name], f"{where}: '{name}'") for where, line in lines]
        try:
            return [float(line[name] or 'nan') for _, line in lines]
        except ValueError:
            return None

    def _check_percent(self) -> None:
        """Ten classes are guessed right in 10 % of all cases, so no table is below 1 throughout."""
        accuracies = [self._columns[name] for name in DATASETS if name in self._columns]
        largest = max((max(values, default=math.inf) for values in accuracies), default=math.inf)
        if largest <= 1:
            raise BenchmarkError(
                f'{self.path}: the largest accuracy is {largest:g}, so these are fractions of 1; expected '
                'percent, numbers from 0 to 100: multiply them by 100'
            )


class CSVTable(FileTable):
    """A CSV file whose first line names the columns."""

    def _lines(self) -> Iterator[Line]:
        try:
            with self.path.open(newline='', encoding='utf-8-sig') as file:
                yield from self._rows(csv.DictReader(file))
        except (UnicodeDecodeError, csv.Error) as error:
            raise BenchmarkError(f'{self.path}: not a CSV file ({error}). {HOW_TO_GET}') from None

    def _rows(self, reader: 'csv.DictReader[str]') -> Iterator[Line]:
        columns = list(reader.fieldnames or ())
        if not {ARCH, INDEX} & set(columns) or len(columns) < 2:
            raise BenchmarkError(
                f"{self.path}, line 1: the columns {columns} lack ['{ARCH}'], or a column of numbers. "
                f'{HOW_TO_GET}'
            )
        for row in reader:
            where = f'{self.path}, line {reader.line_num}'
            if None in row or None in row.values():  # how csv marks a line too long or too short
                raise BenchmarkError(f'{where}: expected {len(columns)} fields, as in line 1')
            yield where, row


class JSONTable(FileTable):
    """A JSON file ``{cell: {column: number}}``; columns that hold anything else are left out.

    Where rows have the keys ``normal`` and ``reduce``, lists of pairs (operation, input), those are the
    cell. A cell that stands twice counts once, with its first numbers.
    """

    def _lines(self) -> Iterator[Line]:
        try:
            content: Any = json.loads(self.path.read_text(encoding='utf-8'))
        except ValueError as error:
            raise BenchmarkError(f'{self.path}: not a JSON file ({error})') from None
        rows = content.items() if isinstance(content, dict) else ()
        if not rows or not all(isinstance(row, dict) for _, row in rows):
            raise BenchmarkError(f'{self.path}: expected {{cell: {{column: number}}}}')
        columns = dict.fromkeys(name for _, row in rows for name in row)
        cells: dict[str, Line] = {}
        for name, row in rows:
            cell = from_pairs(row) if {'normal', 'reduce'} <= set(row) else name
            texts = {
                column: '' if row.get(column) is None else str(row[column]) for column in columns
            }
            cells.setdefault(cell, (f"{self.path}, '{name}'", {**texts, ARCH: cell}))
        yield from cells.values()


def _percent(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise BenchmarkError(f"{where} is '{text}', expected percent, a number from 0 to 100")
    return value

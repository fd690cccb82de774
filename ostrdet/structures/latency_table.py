"""Milliseconds on a device: of single operations in a CSV file, or of whole networks by cell."""

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ostrdet.errors import InvalidValueError
from ostrdet.structures.atomic import write_csv
from ostrdet.structures.cell_costs import Place

COLUMNS = ('op', 'channels', 'size', 'stride', 'milliseconds')
#: Nanoseconds of a millisecond: sums of whole nanoseconds are exact.
PER_MILLISECOND = 1_000_000


def write_latencies(path: Path, rows: Iterable[tuple[str, Place, float]]) -> None:
    """Write a file that :class:`LatencyTable` reads: operation, place and milliseconds by line."""
    values = ((op, *place, f'{ms:.6f}') for op, place, ms in rows)
    write_csv(path, COLUMNS, (dict(zip(COLUMNS, each, strict=True)) for each in values))


@dataclass(frozen=True)
class CellLatencies:
    """Where the milliseconds of whole networks stand, by cell.

    Attributes:
        paths: Tables of numbers by cell, side by side.
        device: The column.
    """

    paths: tuple[str, ...]
    device: str


class LatencyTable:
    """What operations take, by name and place.

    Args:
        path: A CSV file with the columns op, channels, size (height and width of the input, in
            pixels), stride, milliseconds; others are ignored.

    Raises:
        FileNotFoundError: If there is no such file.
        InvalidValueError: If it is malformed, with the number of the line.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._nanoseconds: dict[tuple[str, Place], int] = {}
        if not self.path.is_file():
            raise FileNotFoundError(
                f"no latency table '{path}'; give a CSV file with the columns {', '.join(COLUMNS)}"
            )
        try:
            with self.path.open(newline='', encoding='utf-8-sig') as file:
                for where, row in self._rows(csv.DictReader(file)):
                    self._add(where, row)
        except (UnicodeDecodeError, csv.Error) as error:
            raise InvalidValueError(f'{path}: not a CSV file ({error})') from None

    def nanoseconds(self, op: str, place: Place) -> int:
        """What ``op`` takes at ``place``.

        Raises:
            InvalidValueError: If the table has no such row.
        """
        found = self._nanoseconds.get((op, place))
        if found is None:
            raise InvalidValueError(
                f'{self.path}: no row of op={op}, channels={place.channels}, size={place.size}, '
                f'stride={place.stride}; measure the table for this layout'
            )
        return found

    def _rows(self, reader: 'csv.DictReader[str]') -> Iterator[tuple[str, dict[str, str]]]:
        lost = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if lost:
            raise InvalidValueError(
                f'{self.path}, line 1: the columns lack {lost}, expected {", ".join(COLUMNS)}, or the '
                'device that names a column of a table by cell'
            )
        for row in reader:
            yield f'{self.path}, line {reader.line_num}', row

    def _add(self, where: str, row: dict[str, str]) -> None:
        try:
            place = Place(*(int(row[name]) for name in COLUMNS[1:4]))
            milliseconds = Decimal(row[COLUMNS[4]])
        except (InvalidOperation, TypeError, ValueError):
            raise InvalidValueError(f'{where}: {dict(row)}, expected numbers') from None
        if not milliseconds.is_finite() or milliseconds < 0 or min(place) < 1:
            raise InvalidValueError(f'{where}: {dict(row)}, expected numbers that are not negative')
        if (row['op'], place) in self._nanoseconds:
            raise InvalidValueError(f'{where}: repeats {row["op"]} at {place}')
        self._nanoseconds[row['op'], place] = round(milliseconds * PER_MILLISECOND)

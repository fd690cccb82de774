"""Fronts of budget and score, as CSV files in the work dir of a search."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from ostrdet.errors import InvalidValueError
from ostrdet.records.files import FRONT, SELECTED
from ostrdet.structures.atomic import write_csv
from ostrdet.structures.budget_front import FrontPoint

COLUMNS = [field.name for field in fields(FrontPoint)]


def write_front(path: Path, points: Sequence[FrontPoint]) -> None:
    """Write a line per point, columns as the attributes of :class:`FrontPoint`."""
    write_csv(path, COLUMNS, map(asdict, points))


def read_front(path: Path) -> list[FrontPoint]:
    """The points of a file that :func:`write_front` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        InvalidValueError: If it is damaged, with the number of the line.
    """
    with path.open(newline='', encoding='utf-8', errors='replace') as file:
        reader = csv.DictReader(file)
        return [_point(row, f'{path}, line {reader.line_num}') for row in reader]


def selected_front(work_dir: Path, criterion: str) -> Path:
    """Where the front of a criterion stands that was made after the search."""
    return work_dir / SELECTED / f'{criterion}_{FRONT}'


def read_fronts(work_dir: Path) -> dict[str, list[FrontPoint]]:
    """All fronts of a work dir, by criterion; that of the search itself is ''."""
    files = {'': work_dir / FRONT} if (work_dir / FRONT).is_file() else {}
    for path in sorted((work_dir / SELECTED).glob(f'*_{FRONT}')):
        files[path.name.removesuffix(f'_{FRONT}')] = path
    return {name: points for name, path in files.items() if (points := read_front(path))}


def _point(row: Mapping[str, str], where: str) -> FrontPoint:
    try:
        budget, cost, score, share = (float(row[name]) for name in COLUMNS[1:-1])
        return FrontPoint(row['unit'], budget, cost, score, share, row['genotype'])
    except (KeyError, TypeError, ValueError):
        raise InvalidValueError(
            f'{where}: expected {", ".join(COLUMNS)}; remove the file, or select anew'
        ) from None

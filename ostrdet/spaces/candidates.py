"""Lists of the candidates of every edge, for spaces whose edges differ."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ostrdet.errors import InvalidTypeError, InvalidValueError, UnknownNameError
from ostrdet.registry import nearest
from ostrdet.structures import CellSpec

#: By cell type, the candidates of every edge, in the order of ``CellSpec.edges``.
Candidates = Mapping[str, Sequence[Sequence[str]]]


def checked_candidates(
    candidates: Any, cells: Mapping[str, CellSpec], ops: Sequence[str], selectable: Collection[str]
) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The lists as tuples.

    Args:
        candidates: See :data:`Candidates`; a cell type that is missing has all operations.
        cells: The cells of the space.
        ops: All operations of the space.
        selectable: Those of them that a derived cell may hold.

    Raises:
        InvalidTypeError: If it is no mapping of lists of lists.
        UnknownNameError: If a cell type or an operation is unknown; the nearest name is offered.
        InvalidValueError: If the number of lists is not that of the edges, a list repeats a name, or
            leaves nothing to choose.
    """
    if not isinstance(candidates, Mapping):
        raise InvalidTypeError(
            f'space.candidates={candidates!r}, expected a dict: by cell type, a list of operations '
            'per edge'
        )
    for name in candidates:
        if name not in cells:
            raise UnknownNameError(f"space.candidates: no cell '{name}'. {nearest(name, cells)}")
    checked = {}
    for name, rows in candidates.items():
        if not isinstance(rows, list | tuple) or len(rows) != len(cells[name].edges):
            found = len(rows) if isinstance(rows, list | tuple) else repr(rows)
            raise InvalidValueError(
                f"space.candidates['{name}'] has {found} lists, expected one per edge, "
                f'{len(cells[name].edges)}'
            )
        where = f"space.candidates['{name}']"
        checked[name] = tuple(
            _checked_edge(f'{where}[{index}]', row, ops, selectable)
            for index, row in enumerate(rows)
        )
    return checked


def _checked_edge(
    where: str, row: Any, ops: Sequence[str], selectable: Collection[str]
) -> tuple[str, ...]:
    if not isinstance(row, list | tuple):
        raise InvalidTypeError(f'{where}={row!r}, expected a list of operations')
    for op in row:
        if op not in ops:
            raise UnknownNameError(f"{where}: '{op}' is not in space.ops. {nearest(op, ops)}")
    if len(set(row)) != len(row):
        raise InvalidValueError(f'{where} repeats an operation: {list(row)}; name each once')
    if not set(row) & set(selectable):
        raise InvalidValueError(
            f'{where}={list(row)} leaves the edge without anything to choose; add one of '
            f'{", ".join(selectable)}'
        )
    return tuple(row)


def best_candidates(
    ops: Sequence[str], scores: Sequence[float], selectable: Collection[str], keep: int
) -> list[str]:
    """The candidates of an edge that score highest, in declared order, which breaks ties.

    Where none of them can be selected, the lowest gives way to the best that can.

    Args:
        ops: Candidates of the edge in declared order, at least one of them selectable.
        scores: Their scores; higher is kept.
        selectable: What a derived cell may hold.
        keep: How many are kept, from 1 to the number of ``ops``.

    Examples:
        >>> best_candidates(['none', 'skip', 'conv'], [3, 1, 2], {'skip', 'conv'}, 2)
        ['none', 'conv']
        >>> best_candidates(['none', 'skip', 'conv'], [3, 1, 2], {'skip', 'conv'}, 1)
        ['conv']
    """
    ranked = sorted(range(len(ops)), key=lambda index: -scores[index])
    kept = ranked[:keep]
    if not any(ops[index] in selectable for index in kept):
        kept[-1] = next(index for index in ranked if ops[index] in selectable)
    return [ops[index] for index in sorted(kept)]

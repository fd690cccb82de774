"""Lists of the candidates of every edge, for spaces whose edges differ."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ostrdet.errors import InvalidTypeError, InvalidValueError, UnknownNameError
from ostrdet.registry import nearest
from ostrdet.structures import CellSpec
from ostrdet.structures.integers import is_integer

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


def check_keep(keep: Any, edges: Collection[Sequence[str]]) -> None:
    """Check that a stage can keep so many candidates of every edge, or the best of every group.

    Args:
        keep: A number, or groups of operations, each a list.
        edges: The candidates of every edge.

    Raises:
        InvalidValueError: If it is no number that all edges have, or a candidate is in no group or in two.
        UnknownNameError: If a group names an operation that no edge has.
    """
    if not isinstance(keep, list | tuple):
        fewest = min(map(len, edges))
        if not is_integer(keep) or not 1 <= keep <= fewest:
            raise InvalidValueError(
                f'keep={keep!r}, expected 1 to {fewest}, the candidates that the stage before leaves '
                'an edge'
            )
        return
    known = {op for ops in edges for op in ops}
    flat = [op for group in keep for op in group]
    for op in flat:
        if op not in known:
            raise UnknownNameError(f"keep: '{op}' is no candidate. {nearest(op, known)}")
    if sorted(flat) != sorted(known) or not all(keep):
        raise InvalidValueError(
            f'keep={keep!r}, expected every candidate in one group: {", ".join(sorted(known))}'
        )


def best_candidates(
    ops: Sequence[str],
    scores: Sequence[float],
    selectable: Collection[str],
    keep: int | Sequence[Sequence[str]],
) -> list[str]:
    """The candidates of an edge that score highest, in declared order, which breaks ties.

    Where none of them can be selected, the lowest gives way to the best that can.

    Args:
        ops: Candidates of the edge in declared order, at least one of them selectable.
        scores: Their scores; higher is kept.
        selectable: What a derived cell may hold.
        keep: How many are kept, from 1 to the number of ``ops``; or groups, of each of which the best
            is kept.

    Examples:
        >>> best_candidates(['none', 'skip', 'conv'], [3, 1, 2], {'skip', 'conv'}, 2)
        ['none', 'conv']
        >>> best_candidates(['none', 'skip', 'conv'], [3, 1, 2], {'skip', 'conv'}, 1)
        ['conv']
        >>> best_candidates(['none', 'skip', 'conv'], [3, 1, 2], {'skip', 'conv'}, [['none', 'skip'], ['conv']])
        ['none', 'conv']
    """
    ranked = sorted(range(len(ops)), key=lambda index: -scores[index])
    if isinstance(keep, int):
        kept = ranked[:keep]
    else:
        firsts = {next((i for i in ranked if ops[i] in group), None) for group in keep}
        kept = [index for index in ranked if index in firsts]
    if not any(ops[index] in selectable for index in kept):
        kept[-1] = next(index for index in ranked if ops[index] in selectable)
    return [ops[index] for index in sorted(kept)]

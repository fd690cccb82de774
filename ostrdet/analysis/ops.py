"""The two operations that an analysis compares on every edge."""

from collections.abc import Sequence

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.models.ops.op_kinds import IDENTITY, LEARNED, op_kind, op_size
from ostrdet.registry import nearest
from ostrdet.spaces import SearchSpace


def two_ops(space: SearchSpace, named: Sequence[str] | None = None) -> tuple[str, str]:
    """Two operations of a space: those that are named, or its skip connection and its largest one.

    Args:
        space: The space.
        named: Two of its operations, or None.

    Raises:
        UnknownNameError: If the space has no such operation; the nearest is offered.
        InvalidValueError: If they are not two, or none are named and the space has not both kinds.
    """
    ops = list(named) if named is not None else _skip_and_largest(space)
    for op in ops:
        if op not in space.ops:
            raise UnknownNameError(f"--ops '{op}' is none of the space. {nearest(op, space.ops)}")
    if len(set(ops)) != 2:
        raise InvalidValueError(f'--ops {" ".join(ops)}: expected two different operations')
    return ops[0], ops[1]


def _skip_and_largest(space: SearchSpace) -> list[str]:
    by_kind = {
        kind: [op for op in space.ops if op_kind(op) == kind] for kind in (IDENTITY, LEARNED)
    }
    if not all(by_kind.values()):
        raise InvalidValueError(
            'the space lacks a skip connection or an operation with parameters; name two with --ops: '
            f'{", ".join(space.ops)}'
        )
    return [by_kind[IDENTITY][0], max(by_kind[LEARNED], key=op_size)]

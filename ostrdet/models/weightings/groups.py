"""Groups of candidates that do not compete with one another."""

from collections.abc import Sequence

from ostrdet.errors import InvalidValueError, UnknownNameError
from ostrdet.models.ops.op_kinds import PARAMETER_FREE, op_kind
from ostrdet.registry import nearest

#: Indices of the candidates of every group.
Groups = tuple[tuple[int, ...], ...]


def op_groups(names: Sequence[Sequence[str]] | None, ops: Sequence[str]) -> Groups:
    """The candidates by group.

    Args:
        names: The operations of every group; None for two groups: those that have parameters, and the
            others.
        ops: All candidates, in declared order.

    Raises:
        UnknownNameError: If a group names an operation that is no candidate.
        InvalidValueError: If a candidate is in no group or in two, or a group is empty.

    Examples:
        >>> op_groups(None, ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3'))
        ((2, 3), (0, 1))
    """
    if names is None:
        learned = [op for op in ops if op_kind(op) not in PARAMETER_FREE]
        others = [op for op in ops if op not in learned]
        names = [group for group in (learned, others) if group]
    key = 'model.weighting.groups'
    flat = [op for group in names for op in group]
    for op in flat:
        if op not in ops:
            raise UnknownNameError(f"{key}: '{op}' is no candidate. {nearest(op, ops)}")
    if sorted(flat) != sorted(ops) or not all(names):
        found = [list(group) for group in names]
        raise InvalidValueError(
            f'{key}={found}, expected every candidate in one group: {", ".join(ops)}'
        )
    return tuple(tuple(ops.index(op) for op in group) for group in names)

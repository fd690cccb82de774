"""Errors of components that are built from a config: said with the key that holds their values."""

import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import torch

from ostrdet.errors import InvalidValueError, UserError
from ostrdet.structures.config_tree import walk

#: Functions that build a component, and the variable that holds its config.
BUILDERS = {
    ('mmengine.registry.build_functions', 'build_from_cfg'): 'cfg',
    ('mmengine.registry.build_functions', 'build_scheduler_from_cfg'): 'cfg',
    ('mmengine.runner.runner', 'build_dataloader'): 'dataloader',
    ('mmengine.model.weight_init', '_initialize'): 'cfg',
    ('ostrdet.registry', 'build'): 'cfg',
}
OWN = 'ostrdet.'
_LENGTH = 120


def config_error(error: Exception, cfg: Mapping[str, Any]) -> ValueError | None:
    """What ``error`` says of the config, if it was raised while a component was built from it.

    Args:
        error: Any error, with its traceback.
        cfg: The whole config as plain dicts and lists.

    Returns:
        None where nothing was being built, for memory that lacks, for files that are missing, and
        for whatever our own code raises: an error of the user says enough, all else is a defect.
    """
    if is_own(error) or isinstance(error, UserError | MemoryError | torch.OutOfMemoryError):
        return None
    if isinstance(error, OSError) and error.filename is not None:
        return None
    node = _being_built(error.__traceback__)
    if node is None:
        return None
    path = _path_of(node, cfg)
    kind = node.get('type', 'a dataloader')
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', str(kind))
    where = f"config key '{path}'" if path else name
    return InvalidValueError(
        f'{where}: {name} can not be built from {_values(node)}: {reason_of(error)}; fix the value, '
        f'see the docstring of {name}'
    )


def is_own(error: BaseException) -> bool:
    """Whether code of this package raised it, not that of a library or of the user."""
    last = _last(error.__traceback__)
    return last is not None and str(last.tb_frame.f_globals.get('__name__')).startswith(OWN)


def reason_of(error: BaseException) -> str:
    """The message of an error in one line; of an assertion without one the line of its code."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if not text and isinstance(error, AssertionError):
        frames = traceback.extract_tb(error.__traceback__)
        text = f'expected {(frames[-1].line or "").removeprefix("assert ").rstrip(", (")}'
    shown = ' '.join(text.split())[:300]
    plain = isinstance(error, ValueError | AssertionError | TypeError) and shown
    return shown if plain else f'{type(error).__name__} {shown}'.strip()


def _last(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _being_built(trace: TracebackType | None) -> Mapping[str, Any] | None:
    """The config of the innermost component that was being built."""
    found = None
    while trace is not None:
        frame = trace.tb_frame
        key = (str(frame.f_globals.get('__name__')), frame.f_code.co_name)
        node = frame.f_locals.get(BUILDERS.get(key, ''))
        found = node if isinstance(node, Mapping) else found
        trace = trace.tb_next
    return found


def _path_of(node: Mapping[str, Any], cfg: Mapping[str, Any]) -> str | None:
    """The key of the dict in ``cfg`` that is most like ``node``, which a builder may have changed.

    Of the same type if there is such, else one that holds all plain values of ``node``, as that of a
    hook which builds something itself.
    """
    plain = {k: v for k, v in node.items() if k != 'type' and _is_plain(v)}
    best: tuple[tuple[int, int], str | None] = ((0, 0), None)
    for keys, other in walk(cfg):
        if not isinstance(other, Mapping):
            continue
        same = sum(1 for key, value in plain.items() if _equal(other.get(key), value))
        differ = sum(1 for key, value in plain.items() if not _equal(other.get(key, value), value))
        if _type(other) == _type(node):
            rank = (1 if differ else 3, same + 1)
        else:
            rank = (2 if plain and same == len(plain) else 0, same)
        if rank[0] and rank > best[0]:
            best = (rank, '.'.join(keys))
    return best[1]


def _type(node: Mapping[str, Any]) -> str:
    return str(node.get('type')).rpartition('.')[2]


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, str | int | float | bool)


def _equal(one: Any, other: Any) -> bool:
    lists = (list, tuple)
    if isinstance(one, lists) and isinstance(other, lists):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and bool(one == other)


def _values(node: Mapping[str, Any]) -> str:
    """The plain values of a config in one line."""
    items = (f'{k}={v!r}' for k, v in node.items() if k != 'type' and _is_plain(v))
    text = ', '.join(items) or 'what it was given'
    return text if len(text) <= _LENGTH else f'{text[:_LENGTH]}...'

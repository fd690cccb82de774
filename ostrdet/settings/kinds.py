"""Checks plain values of a config against the annotations of the component that takes them."""

import inspect
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, get_args

from ostrdet.errors import InvalidTypeError

WORDS = {
    int: 'an integer',
    float: 'a number',
    bool: 'True or False',
    str: 'a text',
    NoneType: 'None',
}
#: Ours alone: the annotations of other libraries are not always true.
OWN = 'ostrdet.'


def check_kinds(target: Callable[..., Any], node: Mapping[str, Any], path: str) -> None:
    """Check the values of ``node`` whose annotation is a plain type, or a choice of such.

    Args:
        target: What takes them as arguments.
        node: The dict of the config.
        path: Its dotted key, for the message.

    Raises:
        InvalidTypeError: If a value is of another type.
    """
    if not target.__module__.startswith(OWN):
        return
    for name, parameter in inspect.signature(target).parameters.items():
        kinds = _kinds(parameter.annotation)
        if name in node and set(kinds) <= set(WORDS) and not _fits(node[name], kinds):
            words = ' or '.join(WORDS[kind] for kind in kinds)
            raise InvalidTypeError(f'{path}.{name}={node[name]!r}, expected {words}')


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def _fits(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) or (float in kinds and isinstance(value, int))

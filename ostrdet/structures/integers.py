"""Whether a value that a user gave is an integer."""

from typing import Any, TypeGuard


def is_integer(value: Any) -> TypeGuard[int]:
    """Whether a value is an integer, which True is not."""
    return isinstance(value, int) and not isinstance(value, bool)

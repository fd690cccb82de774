"""Amounts that configs and command lines write as '600M'."""

import re
from decimal import Decimal
from typing import Any

from ostrdet.errors import InvalidValueError

UNITS = {'': 1, 'K': 10**3, 'M': 10**6, 'G': 10**9}
PATTERN = re.compile(r'(\d+(?:\.\d+)?)\s*([KMG]?)', re.IGNORECASE)


def amount(value: Any, key: str) -> int:
    """A whole number of a config.

    Args:
        value: A positive whole number, or text such as '600M' or '3.3 M'.
        key: Where it stands, for messages.

    Raises:
        InvalidValueError: If it is neither.

    Examples:
        >>> amount('3.3M', 'max_params'), amount(600, 'max_macs')
        (3300000, 600)
    """
    found = None if isinstance(value, bool) else _read(value)
    if found is None or found < 1 or found != int(found):
        raise InvalidValueError(
            f"{key}={value!r}, expected a positive whole number, or text such as '600M'"
        )
    return int(found)


def _read(value: Any) -> Decimal | None:
    if isinstance(value, int | float):
        return Decimal(str(value)) if abs(value) < 1e18 else None
    match = PATTERN.fullmatch(value.strip()) if isinstance(value, str) else None
    return Decimal(match[1]) * UNITS[match[2].upper()] if match else None

"""Rules of config values, and what most of them ask for."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ostrdet.structures.integers import is_integer

#: What no number of a run comes near to; clocks and samplers overflow beyond it.
MANY = 2**31
#: More threads than any machine has cores; far beyond, the system makes no more.
MOST_THREADS = 1024


class Rule(NamedTuple):
    """What the value of some keys must be.

    Attributes:
        keys: Dotted key; ``*`` stands for one name, ``**.`` for any number of them, ``#`` for the
            index of a list.
        holds: Whether a value is as expected.
        expected: The same in words.
    """

    keys: str
    holds: Callable[[Any], bool]
    expected: str


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that a float can hold."""
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    return is_plain and abs(value) <= sys.float_info.max  # of nan and inf not


def at_least(least: int, *keys: str, none: bool = False) -> list[Rule]:
    """Rules of integers; with ``none`` the key may also be None."""
    words = f'an integer, at least {least}' + (', or None' if none else '') + ' (below 2**31)'
    return [
        Rule(key, lambda v: (none and v is None) or (is_integer(v) and least <= v < MANY), words)
        for key in keys
    ]


#: Torch's threads.
THREADS = Rule(
    'env_cfg.threads',
    lambda v: v in (None, 'auto') or (is_integer(v) and 1 <= v <= MOST_THREADS),
    f"'auto', or an integer in [1, {MOST_THREADS}]",
)


def not_negative(*keys: str) -> list[Rule]:
    """Rules of numbers of at least 0."""
    return [Rule(key, lambda v: is_number(v) and v >= 0, 'a number, at least 0') for key in keys]


def numbers(*keys: str) -> list[Rule]:
    """Rules of numbers; None is left to what takes it, as some schedules do."""
    return [Rule(key, lambda v: v is None or is_number(v), 'a number') for key in keys]


def are_counts(value: Any, least: int) -> bool:
    """Whether a value is a list of integers of at least ``least``."""
    return isinstance(value, list | tuple) and all(is_integer(v) and v >= least for v in value)


def components(*keys: str) -> list[Rule]:
    """Rules of what is built; mmengine would not name the key that lacks its type."""
    return [
        Rule(key, lambda v: isinstance(v, Mapping) and 'type' in v, "a dict with the key 'type'")
        for key in keys
    ]


def switches(*keys: str) -> list[Rule]:
    """Rules of True and False."""
    return [Rule(key, lambda v: isinstance(v, bool), 'True or False') for key in keys]


def one_of(key: str, *names: str) -> Rule:
    """The rule of a choice."""
    return Rule(key, lambda value: value in names, f'one of {", ".join(names)}')

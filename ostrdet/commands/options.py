"""Options of a command as a frozen dataclass, from which its parser and its call derive.

A field says all that there is to say of an option: its name, type, default and help::

    @dataclass(frozen=True, kw_only=True)
    class TrainOptions(RunOptions):
        config: str = argument('CONFIG', 'config file')
        epochs: int | None = option('epochs of the run', metavar='N', before='seed')
        auto_scale_lr: bool = flag('scale the learning rate with the batch')

``TrainOptions.add_to(parser)`` makes the arguments of the parser from it, and
``train(**vars(TrainOptions.from_args(args)))`` is the call. What several commands share is inherited,
or stands in :mod:`ostrdet.commands.run_options`.
"""

import argparse
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Self, get_args

#: Types that words of the command line are converted to.
NUMBERS = frozenset({int, float})


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a command line may say; the fields of a subclass are its arguments, in their order."""

    @classmethod
    def add_to(cls, parser: argparse.ArgumentParser) -> None:
        """Add an argument for every field."""
        for one in _in_order(cls):
            _add(parser, one)

    @classmethod
    def from_args(cls, args: argparse.Namespace) -> Self:
        """The values that a parser has found."""
        return cls(**{one.name: getattr(args, one.name) for one in fields(cls)})

    def without(self, *names: str) -> dict[str, Any]:
        """The values by name, but those of ``names``, which are for the command itself."""
        return {name: value for name, value in vars(self).items() if name not in names}


def argument(metavar: str, help_text: str, *, default: Any = MISSING, **how: Any) -> Any:
    """The field of a positional argument.

    Args:
        metavar: What the help text calls it.
        help_text: What it is.
        default: Its value where ``nargs`` lets it be left out; it is required if MISSING.
        how: What else ``add_argument`` takes, such as ``nargs``.
    """
    return _field(default, metavar=metavar, help=help_text, **how)


def option(
    help_text: str,
    *,
    default: Any = None,
    required: bool = False,
    name: str = '',
    before: str = '',
    **how: Any,
) -> Any:
    """The field of an option with a value.

    Args:
        help_text: What it is.
        default: Its value where it is left out; a list is copied for each reading.
        required: Whether it can't be left out.
        name: Such as ``--work-dir``; that of the field if empty.
        before: The inherited field that it precedes in the help text; it is last if empty.
        how: What else ``add_argument`` takes, such as ``metavar``, ``nargs`` and ``choices``.
    """
    default = MISSING if required else default
    return _field(default, name, before, is_option=True, required=required, help=help_text, **how)


def flag(help_text: str, *, name: str = '', before: str = '') -> Any:
    """The field of an option without a value: False where it is left out, else True.

    Args:
        help_text: What it does.
        name: As in :func:`option`.
        before: As in :func:`option`.
    """
    return _field(False, name, before, is_option=True, action='store_true', help=help_text)


def _field(
    default: Any, name: str = '', before: str = '', is_option: bool = False, **how: Any
) -> Any:
    metadata = {'name': name, 'before': before, 'is_option': is_option, 'how': how}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


def _in_order(options: type[Options]) -> list[Field[Any]]:
    """The fields as the help text lists them."""
    found: list[Field[Any]] = []
    for one in fields(options):
        before = one.metadata['before']
        names = [other.name for other in found]
        found.insert(names.index(before) if before else len(found), one)
    return found


def _add(parser: argparse.ArgumentParser, one: Field[Any]) -> None:
    how = {**_conversion(one.type), **one.metadata['how']}
    if one.default is not MISSING:
        how['default'] = one.default
    if one.default_factory is not MISSING:
        how['default'] = one.default_factory()
    if one.metadata['is_option']:
        name = one.metadata['name'] or f'--{one.name.replace("_", "-")}'
        parser.add_argument(name, dest=one.name, **how)
    else:
        parser.add_argument(one.name, **how)


def _conversion(annotation: Any) -> dict[str, Any]:
    """What ``add_argument`` needs to know of a type: words become the numbers that stand in it."""
    numbers = _parts(annotation) & NUMBERS
    return {'type': numbers.pop()} if numbers else {}


def _parts(annotation: Any) -> set[Any]:
    """The types that an annotation such as ``tuple[int, int] | None`` is made of."""
    inner = get_args(annotation)
    return {part for one in inner for part in _parts(one)} if inner else {annotation}

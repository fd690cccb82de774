"""Numbers that change along a run: functions of the epoch that configs write as dicts."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from ostrdet.errors import InvalidTypeError, InvalidValueError, UnknownNameError

#: The value at the epoch, from 0, of a run of so many epochs.
Schedule = Callable[[int, int], float]


def linear(start: float, end: float) -> Schedule:
    """From ``start`` in epoch 0 towards ``end``, which the epoch after the last would have.

    Examples:
        >>> linear(0.0, 50.0)(99, 100)
        49.5
    """
    return lambda epoch, max_epochs: start + (end - start) * (epoch / max_epochs)


def linear_to_last(start: float, end: float) -> Schedule:
    """From ``start`` in epoch 0 to ``end`` in the last epoch, as the temperature of GDAS.

    Examples:
        >>> linear_to_last(10.0, 0.1)(249, 250)
        0.1
    """

    def value(epoch: int, max_epochs: int) -> float:
        share = epoch / max(max_epochs - 1, 1)
        return start * (1 - share) + end * share

    return value


def exponential_to_last(start: float, end: float) -> Schedule:
    """From ``start`` in epoch 0 to ``end`` in the last, by one factor per epoch: the temperature of DOTS.

    Examples:
        >>> round(exponential_to_last(10.0, 0.02)(5, 20), 6)
        1.948699
    """

    def value(epoch: int, max_epochs: int) -> float:
        return start * math.pow(end / start, epoch / max(max_epochs - 1, 1))

    return value


def cosine(start: float, end: float) -> Schedule:
    """From ``start`` towards ``end`` along half a cosine, which the epoch after the last would end.

    Examples:
        >>> cosine(1.0, 0.0)(25, 50)
        0.5
    """

    def value(epoch: int, max_epochs: int) -> float:
        share = (1 + math.cos(math.pi * epoch / max_epochs)) / 2
        return end + (start - end) * share

    return value


def slow_cosine(start: float, end: float) -> Schedule:
    """From ``start`` towards ``end`` along a quarter of a cosine: slow at first.

    Examples:
        >>> round(slow_cosine(1.0, 0.0)(25, 50), 6)
        0.707107
    """

    def value(epoch: int, max_epochs: int) -> float:
        return end + (start - end) * math.cos(math.pi * epoch / (2 * max_epochs))

    return value


def skip_dropout_rates(start: float, frozen_epochs: int, decay: float) -> Schedule:
    """The rate of the dropout behind skip connections in P-DARTS.

    Args:
        start: Rate from which it falls in a line towards 0, and again from the first epoch in which
            alpha moves, there exponentially.
        frozen_epochs: Epochs in which alpha is frozen.
        decay: By which exponent it falls per epoch.

    Examples:
        >>> rates = skip_dropout_rates(0.4, 10, 0.2)
        >>> [round(rates(epoch, 25), 6) for epoch in (0, 9, 10, 24)]
        [0.384, 0.24, 0.4, 0.024324]
    """

    def value(epoch: int, max_epochs: int) -> float:
        if epoch < frozen_epochs:
            return start * (max_epochs - epoch - 1) / max_epochs
        return start * math.exp(-decay * (epoch - frozen_epochs))

    return value


#: Schedules by the name that a config gives them.
SCHEDULES: Mapping[str, Callable[[float, float], Schedule]] = {
    'Linear': linear,
    'LinearToLast': linear_to_last,
    'ExponentialToLast': exponential_to_last,
    'Cosine': cosine,
    'SlowCosine': slow_cosine,
}
KEYS = {'type', 'start', 'end'}


def schedule(value: Any, key: str) -> Schedule:
    """The schedule of a number in a config.

    Args:
        value: A number, which stays, or a dict such as ``dict(type='Linear', start=10, end=0.1)``.
        key: Where it stands, for messages.

    Raises:
        InvalidTypeError: If it is neither, or ``start`` or ``end`` is no number.
        UnknownNameError: If there is no such type or key.

    Examples:
        >>> schedule(0.2, 'model.tau')(7, 50)
        0.2
        >>> schedule({'type': 'Linear', 'start': 0, 'end': 50}, 'weight')(50, 100)
        25.0
    """
    if _is_number(value):
        return lambda epoch, max_epochs: float(value)
    if not isinstance(value, Mapping) or set(value) != KEYS:
        raise InvalidTypeError(
            f"{key}={value!r}, expected a number, or dict(type='Linear', start=..., end=...)"
        )
    if value['type'] not in SCHEDULES:
        raise UnknownNameError(
            f"{key}: unknown schedule '{value['type']}', expected one of {', '.join(SCHEDULES)}"
        )
    for name in ('start', 'end'):
        if not _is_number(value[name]):
            raise InvalidTypeError(f'{key}.{name}={value[name]!r}, expected a number')
    return SCHEDULES[value['type']](float(value['start']), float(value['end']))


def bounded(value: Any, key: str, least: float, most: float = math.inf) -> Schedule:
    """A schedule whose ends lie in [least, most].

    Raises:
        InvalidValueError: If one of them does not; further what :func:`schedule` raises.
    """
    found = schedule(value, key)
    ends = (value,) if _is_number(value) else (value['start'], value['end'])
    for end in ends:
        if not least <= end <= most:
            upper = '' if most == math.inf else f' and at most {most}'
            raise InvalidValueError(f'{key}={end}, expected a number, at least {least}{upper}')
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Scheduled:
    """A part of a model that keeps numbers of its config at their value of the epoch.

    Until ``ProgressHook`` calls, they have the value of the first epoch.
    """

    def follow(self, name: str, value: Any, key: str, least: float, most: float = math.inf) -> None:
        """Let the attribute ``name`` follow a number or schedule of the config.

        Args:
            name: The attribute.
            value: A number, or a schedule such as ``dict(type='Linear', start=10, end=0.1)``.
            key: Where it stands in the config, for messages.
            least: Lowest value allowed.
            most: Highest value allowed.

        Raises:
            InvalidTypeError: If the value is neither.
            InvalidValueError: If it is out of range.
        """
        self.keep_at(name, bounded(value, key, least, most))

    def keep_at(self, name: str, schedule: Schedule) -> None:
        """Let the attribute ``name`` follow a schedule that no config writes."""
        vars(self).setdefault('_schedules', {})[name] = schedule
        self.set_progress(0, 1)

    def set_progress(self, epoch: int, max_epochs: int) -> None:
        """Take the values of the epoch, counted from 0."""
        for name, schedule in vars(self).get('_schedules', {}).items():
            setattr(self, name, schedule(epoch, max_epochs))

    @property
    def progress(self) -> dict[str, float]:
        """The present value of every number that follows the epoch."""
        return {name: getattr(self, name) for name in vars(self).get('_schedules', {})}

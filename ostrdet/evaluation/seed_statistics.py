"""Statistics over searches that differ in their seed, and over the epochs of each."""

import itertools
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of some numbers.

    Attributes:
        mean: NaN of no number.
        std: Of the sample, with n - 1 in the denominator; NaN of fewer than two numbers.
        n: How many there are.
    """

    mean: float
    std: float
    n: int

    def __str__(self) -> str:
        if math.isnan(self.mean):
            return '-'
        return (
            f'{self.mean:z.2f}' if math.isnan(self.std) else f'{self.mean:z.2f} +- {self.std:.2f}'
        )


def spread(values: Iterable[float | None]) -> Spread:
    """The spread of the numbers among ``values``; None and NaN are left out, and not counted.

    Examples:
        >>> str(spread([93.0, 95.0, None]))
        '94.00 +- 1.41'
    """
    known = [value for value in values if value is not None and not math.isnan(value)]
    mean = statistics.fmean(known) if known else math.nan
    return Spread(mean, statistics.stdev(known) if len(known) > 1 else math.nan, len(known))


def num_changes(cells: Sequence[str | None]) -> int:
    """How often the cell of an epoch differs from that of the epoch before.

    Examples:
        >>> num_changes([None, 'a', 'a', 'b', 'a'])
        2
    """
    known = [cell for cell in cells if cell is not None]
    return sum(before != after for before, after in itertools.pairwise(known))


def stable_since(cells: Sequence[str | None]) -> int:
    """From which position on the cells are equal to the last one.

    Examples:
        >>> stable_since(['a', 'b', 'b'])
        1
    """
    position = len(cells)
    while position and cells[position - 1] == cells[-1]:
        position -= 1
    return position

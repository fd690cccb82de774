"""Where a run stands, from the end of its log."""

import re
from pathlib import Path
from typing import NamedTuple

from ostrdet.records.files import LOG

#: As mmengine's logger writes an iteration: epoch, iteration, iterations of an epoch, time left.
_ITERATION = re.compile(
    r'Epoch\(train\)\s+\[(\d+)\]\[\s*(\d+)/(\d+)\].*?\beta: ((?:\d+ days?, )?[\d:]+)'
)
#: Bytes at the end of the log that are read.
_TAIL = 1 << 16


class Standing(NamedTuple):
    """The last iteration that a log tells of.

    Attributes:
        epoch: Its epoch, from 1.
        iteration: Its number in the epoch, from 1.
        iterations: Iterations of an epoch.
        eta: Time left by then, such as '0:12:30'.
    """

    epoch: int
    iteration: int
    iterations: int
    eta: str


def last_standing(work_dir: Path) -> Standing | None:
    """Where the run of a work dir stood when it logged last; None if it has logged no iteration."""
    path = work_dir / LOG
    if not path.is_file():
        return None
    with path.open('rb') as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read().decode('utf-8', 'replace')
    found = _ITERATION.findall(tail)
    if not found:
        return None
    epoch, iteration, iterations, eta = found[-1]
    return Standing(int(epoch), int(iteration), int(iterations), eta)

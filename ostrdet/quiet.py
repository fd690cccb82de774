"""What libraries say that nobody can act on, left out."""

import io
import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

#: Beginnings of warnings at run time: mmcv says this of every image that it jitters by Pillow.
WARNINGS = ("Only use 'alpha' for pillow backend",)


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what is printed and warned of meanwhile, as mmpretrain and mmdet do at import."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        yield


def hush() -> None:
    """Ignore :data:`WARNINGS` from now on, in this process."""
    for text in WARNINGS:
        warnings.filterwarnings('ignore', text)


class QuietPickle:
    """Pickles as ``value``, for a process whose imports say nothing while it is read.

    Args:
        value: What can be pickled between processes.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import ForkingPickler

        return _unpickle, (bytes(ForkingPickler.dumps(self.value)),)


def _unpickle(data: bytes) -> Any:
    with quiet():
        return pickle.loads(data)  # its own, written by this program

"""What a worker of a dataloader does first, and how it ends where it can't send its batches."""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from multiprocessing import queues
from types import TracebackType
from typing import Any

from ostrdet.quiet import hush

#: Exit statuses of a worker: no room in ``/dev/shm``, no file descriptor, anything else.
NO_ROOM, NO_FILES, UNSENT = 40, 41, 42


class WorkerStart:
    """The ``worker_init_fn`` of a guarded loader.

    A batch that can't be sent is lost in a thread of the worker, and the main process would wait for
    it for ever; here the worker ends with it.

    Args:
        then: The ``worker_init_fn`` of the config, called afterwards.
    """

    def __init__(self, then: Callable[[int], None] | None) -> None:
        self.then = then

    def __call__(self, worker: int) -> None:
        """Prepare this process, which is worker number ``worker``."""
        queue: Any = queues.Queue
        queue._on_queue_feeder_error = staticmethod(lambda error, item: end_with(error))
        sys.excepthook = _end_if_short  # of the thread that hands out descriptors
        hush()
        if self.then is not None:
            self.then(worker)


def end_with(error: BaseException) -> None:
    """End this process at once, with a status that says why a batch could not be sent."""
    status = status_of(error)
    if status == UNSENT:
        traceback.print_exception(error)
    os._exit(status)


def status_of(error: BaseException) -> int:
    """The exit status for an error of sending; torch's have no type, only a text.

    Examples:
        >>> status_of(OSError(24, 'Too many open files'))
        41
        >>> status_of(RuntimeError('unable to write to file </torch_1>: No space left on device (28)'))
        40
        >>> status_of(TypeError("cannot pickle '_io.TextIOWrapper' object"))
        42
    """
    text = str(error)
    if any(os.strerror(number) in text for number in (errno.EMFILE, errno.ENFILE)):
        return NO_FILES
    if os.strerror(errno.ENOSPC) in text or 'shared memory' in text or '/torch_' in text:
        return NO_ROOM
    return UNSENT


def _end_if_short(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if status_of(error) == UNSENT:
        sys.__excepthook__(kind, error, trace)
    else:
        os._exit(status_of(error))

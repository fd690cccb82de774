"""Printing that stops nothing: neither by a closed pipe, nor a full disk, nor a console of ASCII."""

import errno
import io
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

#: The reader has gone: there is nobody to complain to.
GONE = (errno.EPIPE, errno.EIO, errno.ESHUTDOWN)


class SteadyStream:
    """A text stream that drops what can't be written.

    Args:
        stream: What is written to; anything else of it is as before.

    Attributes:
        error: Why it could not be written to, if so.
        forgiven: Whether what was printed is not the result.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.error: Exception | None = None
        self.forgiven = False

    def write(self, text: str) -> int:
        """Write ``text``; letters that the encoding lacks are escaped."""
        try:
            self._try(self._stream.write, text)
        except UnicodeEncodeError:
            encoding = self._stream.encoding or 'ascii'
            self._try(
                self._stream.write, text.encode(encoding, 'backslashreplace').decode(encoding)
            )
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write all ``lines``."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is held back."""
        self._try(self._stream.flush)

    @property
    def lost(self) -> Exception | None:
        """The error, if somebody would have read on."""
        return None if getattr(self.error, 'errno', None) in GONE else self.error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, function: Callable[..., Any], *args: Any) -> None:
        if self.error is not None:
            return
        try:
            function(*args)
        except UnicodeEncodeError:
            raise
        except (OSError, ValueError) as error:  # the latter of a closed stream
            self.error = error
            _to_nowhere(self._stream)
            if self.forgiven and self.lost:
                _warn(self, f'warning: the console is lost ({error}); the run continues\n')


def _warn(lost: SteadyStream, text: str) -> None:
    streams: tuple[Any, Any] = (sys.stdout, sys.stderr)
    if lost in streams:  # a logger may hold it for longer
        streams[lost is sys.stdout].write(text)


def _to_nowhere(stream: Any) -> None:
    """What is still in its buffer must not fail when Python ends."""
    with suppress(AttributeError, OSError, ValueError, io.UnsupportedOperation):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


@contextmanager
def steady_output(forgiven: bool = False) -> Iterator[None]:
    """Standard output and errors are steady meanwhile.

    Args:
        forgiven: Whether what is printed is no result, as that of a run lies in its work dir.
    """
    _open_standard_files()
    before = sys.stdout, sys.stderr
    for name in ('stdout', 'stderr'):
        stream = getattr(sys, name)
        if not isinstance(stream, SteadyStream):
            stream = SteadyStream(io.StringIO() if stream is None else stream)
            setattr(sys, name, stream)
        stream.forgiven |= forgiven
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def _open_standard_files() -> None:
    """A file of the run must not get the number of a closed console, on which libraries print."""
    while True:
        handle = os.open(os.devnull, os.O_RDWR)
        if handle > 2:
            os.close(handle)
            return


def plain_console(soft_wrap: bool = False) -> 'Console':
    """A console that shows text as it is: brackets and colons in it are no markup."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=soft_wrap)


def quoted(path: str | Path) -> str:
    """A path as a shell takes it.

    Examples:
        >>> quoted('out (1)/a.json'), quoted('out/a.json')
        ("'out (1)/a.json'", 'out/a.json')
    """
    return shlex.quote(str(path))

"""What all command lines share: ``--debug``, and errors of one line with their exit status."""

import argparse
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, NoReturn

from ostrdet.errors import USER_ERRORS, Status, one_line
from ostrdet.invocation import as_here, program
from ostrdet.output import steady_output

#: What a shell reports of a program that SIGINT ended.
INTERRUPTED = 128 + signal.SIGINT
STOPPED = 'stopped by SIGINT'
RESOURCE_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE)

#: For libraries that read them when they are imported: no look at a hub for what is not here.
OFFLINE = {
    'HF_HUB_OFFLINE': '1',
    'TRANSFORMERS_OFFLINE': '1',
    'HF_HUB_DISABLE_TELEMETRY': '1',
}


class Parser(argparse.ArgumentParser):
    """A parser with ``--debug``, whose errors are one line; its help texts keep their line breaks.

    Subparsers made from it inherit all that, so ``--debug`` may stand anywhere. Texts are those of a
    checkout; where there is none, the help shows what the wheel has.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault('formatter_class', argparse.RawDescriptionHelpFormatter)
        name = PurePath(kwargs.get('prog') or '')
        if name.suffix == '.py':
            kwargs['prog'] = program(name.stem)
        super().__init__(**kwargs)
        self.add_argument(
            '--debug',
            action='store_true',
            default=argparse.SUPPRESS,
            help='show the traceback of an error',
        )

    def format_help(self) -> str:
        """The help text, with commands as they are given from here."""
        return as_here(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments in one line, and exit."""
        self.exit(Status.BAD_INPUT, f'error: {message}; see {self.prog} --help\n')


def run_cli(
    main: Callable[[argparse.Namespace], int | None],
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None = None,
) -> int:
    """Parse the arguments and run ``main`` on them.

    Args:
        main: The command; what it returns is the exit status, None being success.
        parser: Best a :class:`Parser`.
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit status, which is 130 after Ctrl-C, 2 after an error of the user, 3 where a file is
        damaged or not to be trusted, 4 where disk, memory or the work dir is not to be had; one line
        on stderr says which. A reader of the output that goes away is no error.

    Raises:
        Exception: The user's error itself with ``--debug``; a defect always.
    """
    with steady_output():
        status = _run(main, parser, argv)
        output: Any = sys.stdout
        output.flush()
        if not status and output.lost and not output.forgiven:
            print(f'error: standard output: {one_line(output.lost)}', file=sys.stderr)
            return _status(output.lost)
    return status


def _run(
    main: Callable[[argparse.Namespace], int | None],
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None,
) -> int:
    args = parser.parse_args(argv)
    try:
        return main(args) or 0
    except KeyboardInterrupt:
        if getattr(args, 'debug', False):
            raise
        print(STOPPED, file=sys.stderr)
        return INTERRUPTED
    except USER_ERRORS as error:
        if getattr(args, 'debug', False):
            raise
        print(f'error: {one_line(error)}', file=sys.stderr)
        return _status(error)


def _status(error: BaseException) -> int:
    """What the error says of itself, or 4 where the system lacks something, else 2."""
    if isinstance(error, MemoryError) or getattr(error, 'errno', None) in RESOURCE_ERRNOS:
        return Status.NO_RESOURCES
    status: int = getattr(error, 'exit_status', Status.BAD_INPUT)
    return status


def import_libraries() -> None:
    """Import torch and the mm libraries: seconds, so not before the arguments are parsed.

    Threads that spin while they wait slow a run many times over once anything else runs, so they
    are told to sleep, which OpenMP reads when it is loaded.
    """
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)
    with _leaving_at_once():
        from ostrdet.compat import import_quietly

        import_quietly()


@contextmanager
def _leaving_at_once() -> Iterator[None]:
    """End the process on Ctrl-C: a library that is half imported turns it into errors of its own."""

    def leave(*_: object) -> NoReturn:
        os.write(2, f'{STOPPED}\n'.encode())
        os._exit(INTERRUPTED)

    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    is_listening = usual and threading.current_thread() is threading.main_thread()
    if is_listening:
        signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        if is_listening:
            signal.signal(signal.SIGINT, signal.default_int_handler)

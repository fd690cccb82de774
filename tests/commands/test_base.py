"""The shared command line: errors of one line, ``--debug``, help texts."""

import argparse
import subprocess
import sys

import pytest

from ostrdet.commands.base import Parser, run_cli
from ostrdet.errors import (
    InvalidTypeError,
    InvalidValueError,
    MissingPackageError,
    UnknownNameError,
    one_line,
)


def run(error: BaseException | None, *argv: str, status: int | None = None) -> int:
    def main(args: argparse.Namespace) -> int | None:
        if error is not None:
            raise error
        return status

    return run_cli(main, Parser(prog='tool.py'), argv)


@pytest.mark.parametrize(('returned', 'status'), [(None, 0), (0, 0), (1, 1)])
def test_the_status_is_what_the_command_returns(returned: int | None, status: int) -> None:
    assert run(None, status=returned) == status


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (InvalidValueError('bad value'), 'bad value'),
        (UnknownNameError("unknown op 'x'. Known: y."), "unknown op 'x'. Known: y."),
        (InvalidTypeError('two\n  lines'), 'two lines'),
        (MissingPackageError('no package'), 'no package'),
        (FileNotFoundError('no table'), 'no table'),
        (FileNotFoundError(2, 'No such file', 'a/b.json'), 'a/b.json: No such file'),
        (InvalidValueError(), 'InvalidValueError'),
        (
            InvalidValueError(
                'Caught InvalidValueError in DataLoader worker process 0.\nOriginal Traceback (most recent '
                "call last):\n  File 'a.py', line 1\nInvalidValueError: a.jpg: bad image\n"
            ),
            'a.jpg: bad image',
        ),
    ],
)
def test_an_error_of_the_user_is_one_line(
    error: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(error) == 2
    assert capsys.readouterr() == ('', f'error: {line}\n')


def test_debug_shows_the_error_itself() -> None:
    with pytest.raises(ValueError, match='bad value'):
        run(InvalidValueError('bad value'), '--debug')


@pytest.mark.parametrize(
    'kind', [ZeroDivisionError, IndexError, KeyError, ValueError, TypeError, ImportError]
)
def test_a_defect_keeps_its_traceback(kind: type[Exception]) -> None:
    with pytest.raises(kind, match='list index'):
        run(kind('list index out of range'))


def test_wrong_arguments_are_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(None, '--nonsense')
    assert caught.value.code == 2
    expected = 'error: unrecognized arguments: --nonsense; see tool.py --help\n'
    assert capsys.readouterr() == ('', expected)


@pytest.mark.parametrize('argv', [['--debug', 'go'], ['go', '--debug']])
def test_debug_may_stand_before_or_after_a_subcommand(argv: list[str]) -> None:
    parser = Parser(prog='tool.py')
    parser.add_subparsers().add_parser('go')
    assert parser.parse_args(argv).debug


def test_a_key_error_of_several_arguments_keeps_them() -> None:
    assert one_line(KeyError('a', 'b')) == "('a', 'b')"


def test_ctrl_c_has_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ('', 'stopped by SIGINT\n')


def test_ctrl_c_while_importing_ends_the_process_at_once() -> None:
    """Whatever the library that is being imported makes of an exception."""
    code = """if True:
        import os, signal, sys
        from ostrdet.commands import base
        with base._leaving_at_once():
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except BaseException:
                raise ImportError('half imported')
    """
    found = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout, found.stderr) == (130, '', 'stopped by SIGINT\n')

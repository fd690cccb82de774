"""Printing that stops nothing: closed pipes, full disks, consoles of ASCII, and no console at all."""

import argparse
import errno
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ostrdet.commands.base import Parser, run_cli
from ostrdet.errors import InvalidValueError
from ostrdet.output import SteadyStream, plain_console, quoted, steady_output


class Failing(io.StringIO):
    """Can't be written to."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def write(self, text: str) -> int:
        raise OSError(self.number, os.strerror(self.number))


def ascii_stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding='ascii')


def content_of(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    content: Any = stream.buffer
    return bytes(content.getvalue())


def test_what_ascii_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = ascii_stream()
    monkeypatch.setattr(sys, 'stdout', stream)
    with steady_output():
        print('r é', '±')
        plain_console().print('r é')
    assert content_of(stream) == b'r \\xe9 \\xb1\nr \\xe9\n'
    assert sys.stdout is stream


@pytest.mark.parametrize('number', [errno.EPIPE, errno.ENOSPC, errno.EIO])
def test_a_run_goes_on_without_its_console(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, 'stdout', Failing(number))
    monkeypatch.setattr(sys, 'stderr', errors)
    with steady_output(forgiven=True):
        for _ in range(3):
            print('a', flush=True)
            plain_console().print('b')
    said = errors.getvalue().splitlines()
    assert len(said) == (number == errno.ENOSPC)
    assert all('No space left on device); the run continues' in line for line in said)


def test_closed_streams_and_none_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, 'stdout', closed)
    monkeypatch.setattr(sys, 'stderr', None)
    with steady_output(forgiven=True):
        print('a')
        print('b', file=sys.stderr)
    assert (sys.stdout, sys.stderr) == (closed, None)


def test_one_within_the_other_is_the_same() -> None:
    with steady_output():
        outer: Any = sys.stdout
        with steady_output(forgiven=True):
            assert sys.stdout is outer
        assert sys.stdout is outer
        assert outer.forgiven


def test_a_stream_is_else_what_it_was() -> None:
    stream = SteadyStream(ascii_stream())
    stream.writelines(['a\n', 'b\n'])
    assert (stream.encoding, stream.isatty()) == ('ascii', False)
    assert content_of(stream._stream) == b'a\nb\n'


@pytest.mark.parametrize(
    ('number', 'status', 'said'),
    [
        (errno.EPIPE, 0, ''),
        (errno.ENOSPC, 4, 'error: standard output: [Errno 28] No space left on device\n'),
    ],
)
def test_a_tool_whose_output_is_its_result_says_what_is_lost(
    number: int, status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, 'stdout', Failing(number))
    monkeypatch.setattr(sys, 'stderr', errors)
    assert run_cli(lambda args: print('result'), Parser(prog='tool.py'), []) == status
    assert errors.getvalue() == said


def test_an_error_comes_before_a_lost_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(args: argparse.Namespace) -> None:
        print('a')
        raise InvalidValueError('bad value')

    monkeypatch.setattr(sys, 'stdout', Failing(errno.ENOSPC))
    assert run_cli(main, Parser(prog='tool.py'), []) == 2


GENOTYPE = ('genotype.py', 'show', 'darts_v2')


@pytest.mark.parametrize(('redirection', 'status'), [('>/dev/full', 4), ('>&-', 0), ('| true', 0)])
def test_the_process_ends_well(redirection: str, status: int, repo_root: Path) -> None:
    """Python flushes once more at its end, and would say so with status 120."""
    tool, *rest = GENOTYPE
    command = shlex.join([sys.executable, str(repo_root / 'tools' / tool), *rest])
    done = subprocess.run(
        ['bash', '-c', f'set -o pipefail; {command} {redirection}'],
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.count('\n') == (status != 0)
    assert 'Exception ignored' not in done.stderr


def test_a_training_ends_with_its_checkpoint_on_a_full_console(
    tiny_training: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ostrdet.apis.train import train

    with Path('/dev/full').open('w', encoding='ascii') as full:
        monkeypatch.setattr(sys, 'stdout', full)
        train(tiny_training({'train_cfg.max_epochs': 1}), work_dir=tmp_path / 'é')
    assert (tmp_path / 'é' / 'epoch_1.pth').is_file()


@pytest.mark.parametrize('kind', ['search', 'train'])
def test_paths_are_printed_as_they_are_and_quoted_where_a_shell_reads_them(
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ostrdet.apis.search import search
    from ostrdet.apis.train import train

    make = request.getfixturevalue('tiny_config' if kind == 'search' else 'tiny_training')
    folder = tmp_path / 'darts[v2] :smile: (1)'
    (search if kind == 'search' else train)(make({'train_cfg.max_epochs': 1}), work_dir=folder)
    lines = capsys.readouterr().out.splitlines()
    assert f'work dir   {folder}' in lines
    (following,) = (line for line in lines if line.startswith('next: '))
    words = shlex.split(following)
    assert str(folder / ('genotype.json' if kind == 'search' else 'epoch_1.pth')) in words
    assert quoted(folder / 'a') == f"'{folder}/a'"

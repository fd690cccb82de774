"""Follows searches while they run: a page for the browser of this machine, served by the standard library."""

import json
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from ostrdet.errors import USER_ERRORS, PortInUseError, one_line
from ostrdet.records.files import FACTS, LOG, TRAJECTORY
from ostrdet.records.run_facts import read_run_facts
from ostrdet.records.run_log import last_standing
from ostrdet.records.trajectory import read_lines
from ostrdet.version import __version__
from ostrdet.visualization.page import PAGES
from ostrdet.visualization.report.report import report_of

HOST = '127.0.0.1'
HTML, JSON = 'text/html; charset=utf-8', 'application/json'


class Row(NamedTuple):
    """What the head of the page tells of a run.

    Attributes:
        name: Folder of the run below the one that is followed; empty for that itself.
        text: Where it stands.
        stamp: Changes whenever its report does.
    """

    name: str
    text: str
    stamp: str


def followed(folder: Path) -> dict[str, Path]:
    """The work dirs to follow by name: a folder itself, or those right below it, as a study has them."""
    if (folder / TRAJECTORY).is_file() or not (below := sorted(folder.glob(f'*/{LOG}'))):
        return {'': folder}
    return {path.parent.name: path.parent for path in below}


def row_of(name: str, work_dir: Path) -> Row:
    """Where a run stands."""
    try:
        return Row(name, _standing(work_dir), _stamp(work_dir / TRAJECTORY))
    except USER_ERRORS as error:  # a damaged file is told of, and the rest goes on
        return Row(name, one_line(error), '')


def _standing(work_dir: Path) -> str:
    trajectory = work_dir / TRAJECTORY
    lines = read_lines(trajectory) if trajectory.is_file() else []
    done = lines[-1]['epoch'] if lines else 0
    last = read_run_facts(work_dir).max_epochs if (work_dir / FACTS).is_file() else None
    of = f' of {last}' if last else ''
    if last and done >= last:
        return f'finished after {done} epochs'
    now = last_standing(work_dir)
    if now is None or now.epoch <= done:
        return f'epoch {done}{of} is done' if done else 'has begun'
    age = round(time.time() - (work_dir / LOG).stat().st_mtime)
    where = f'epoch {now.epoch}{of}, iteration {now.iteration} of {now.iterations}'
    return f'{where}, {now.eta} left as of {age} s ago'


def _stamp(path: Path) -> str:
    return f'{path.stat().st_mtime_ns}' if path.is_file() else ''


class LivePage:
    """What the server answers.

    Args:
        folder: Work dir of a search, or a folder of such, as a study or a search in stages has them.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._drawn: dict[str, tuple[str, str]] = {}

    def answer(self, path: str) -> tuple[int, str, str]:
        """Status, type and content for a path of the address."""
        if path == '/':
            frame = PAGES.get_template('live.html.j2')
            return 200, HTML, frame.render(folder=self.folder.name, version=__version__)
        runs = followed(self.folder)
        if path == '/status':
            rows = [row_of(name, work_dir)._asdict() for name, work_dir in runs.items()]
            return 200, JSON, json.dumps(rows)
        name = unquote(path.removeprefix('/report/'))
        if path.startswith('/report/') and name in runs:
            return 200, HTML, self._report(name, runs[name])
        return 404, HTML, 'There is no such page.'

    def _report(self, name: str, work_dir: Path) -> str:
        stamp = _stamp(work_dir / TRAJECTORY)
        if not stamp:
            return '<p>The report appears after the first epoch.</p>'
        if self._drawn.get(name, ('',))[0] != stamp:
            try:
                self._drawn[name] = stamp, report_of(work_dir)
            except USER_ERRORS as error:
                return PAGES.from_string('<p>{{ text }}</p>').render(text=one_line(error))
        return self._drawn[name][1]


class _Handler(BaseHTTPRequestHandler):
    """Answers a browser of this machine, under this address alone."""

    def __init__(self, answer: Callable[[str], tuple[int, str, str]], *args: object) -> None:
        self.answer = answer
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer; a page elsewhere that takes this address under its own name gets nothing."""
        host = self.headers.get('Host', '').rpartition(':')[0]
        known = host in (HOST, 'localhost')
        status, kind, text = self.answer(self.path) if known else (403, HTML, 'Use 127.0.0.1.')
        body = text.encode()
        self.send_response(status)
        for header, value in (
            ('Content-Type', kind),
            ('Content-Length', str(len(body))),
            ('Cache-Control', 'no-store'),
        ):
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a line for every look would bury the address."""


def live_server(folder: str | Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of the page on this machine's own address, ready for ``serve_forever``.

    Args:
        folder: As in :class:`LivePage`.
        port: Where it listens; any free one if 0.

    Raises:
        FileNotFoundError: If there is no such folder.
        PortInUseError: If another program holds the port, or only the administrator may take it.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(
            f"there is no folder '{folder}': give a work dir, or that of a study"
        )
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Handler, LivePage(folder).answer))
    except (OSError, OverflowError) as error:
        raise PortInUseError(f'--serve {port}: {error}; give another port, or none') from error

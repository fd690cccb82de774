"""The command line of ``tools/report.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options, argument, option

EPILOG = """\
examples:
  python tools/report.py work_dirs/ostr_darts_c10
  python tools/report.py work_dirs/ostr_darts_c10 --out ostr_darts_c10.html
  python tools/report.py work_dirs/ostr_darts_c10 --serve
  python tools/report.py work_dirs/studies/deep --serve 8000

A search keeps report.html in its work dir up to date; this makes the page anew from trajectory.jsonl
and run.json beside it. With --serve the page is shown while the search runs, with its progress, to
browsers of this machine alone; nothing is written, and Ctrl-C ends it. The folder may be that of a
study or of a search in stages: all runs in it are listed.
"""


@dataclass(frozen=True, kw_only=True)
class ReportOptions(Options):
    """Options of ``tools/report.py``."""

    work_dir: str = argument('WORK_DIR', 'work dir of a search')
    out: str | None = option('file to write; default report.html in the work dir', metavar='FILE')
    serve: int | None = option(
        'show the page live at 127.0.0.1, on this port or any free one',
        nargs='?',
        const=0,
        metavar='PORT',
    )


def build_parser() -> Parser:
    """The parser of the tool."""
    parser = Parser(
        prog='report.py',
        description='Make the report page of a search, one HTML file that opens offline.',
        epilog=EPILOG,
    )
    ReportOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    return run_cli(_report, build_parser(), argv)


def _report(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.records.files import REPORT
    from ostrdet.structures.atomic import write_atomically
    from ostrdet.visualization.report.report import report_of

    options = ReportOptions.from_args(args)
    if options.serve is not None:
        _serve(options.work_dir, options.serve)
        return
    out = Path(options.out or Path(options.work_dir) / REPORT)
    write_atomically(out, report_of(options.work_dir).encode())
    print(f'report: {out}')


def _serve(folder: str, port: int) -> None:
    from ostrdet.visualization.report.live import live_server

    with live_server(folder, port) as server:
        print(f'live: http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)', flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()

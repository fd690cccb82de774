"""The command line of ``tools/report.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options, argument, option

EPILOG = """\
examples:
  python tools/report.py work_dirs/ostr_darts_c10
  python tools/report.py work_dirs/ostr_darts_c10 --out ostr_darts_c10.html

A search keeps report.html in its work dir up to date; this makes the page anew from trajectory.jsonl
and run.json beside it.
"""


@dataclass(frozen=True, kw_only=True)
class ReportOptions(Options):
    """Options of ``tools/report.py``."""

    work_dir: str = argument('WORK_DIR', 'work dir of a search')
    out: str | None = option('file to write; default report.html in the work dir', metavar='FILE')


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
    out = Path(options.out or Path(options.work_dir) / REPORT)
    write_atomically(out, report_of(options.work_dir).encode())
    print(f'report: {out}')

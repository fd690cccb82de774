"""The command line of ``tools/study.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options, argument, flag, option

EPILOG = """examples:
  python tools/study.py configs/studies/digits.yaml
  python tools/study.py configs/studies/digits.yaml --resume
  python tools/study.py configs/studies/digits.yaml --work-dir work_dirs/digits-ray --ray

The work dir gets a folder per run, table.md, table.csv, table.tex, runs.csv and study.html;
docs/study.md describes the file. Ctrl-C stops the runs with a checkpoint; --resume continues them.
Exit status: 0 all runs are done, 1 some failed for good (the table says which), 2 bad input, 4 the
work dir is in use, 129, 130 and 143 stopped by a signal.
"""


@dataclass(frozen=True, kw_only=True)
class StudyOptions(Options):
    """Options of ``tools/study.py``: the arguments of :func:`ostrdet.studies.study.run_study`."""

    file: str = argument('STUDY', 'YAML file, such as configs/studies/digits.yaml')
    work_dir: str | None = option('where everything goes; default work_dirs/<name>', metavar='DIR')
    resume: bool = flag(
        'continue: finished runs are kept, all others continue from their checkpoints'
    )
    ray: str | None = option(
        'run through Ray: on the cluster at ADDRESS (auto finds one), or on this machine',
        nargs='?',
        const='local',
        metavar='ADDRESS',
    )


def build_parser() -> Parser:
    """The parser of ``tools/study.py``."""
    parser = Parser(
        prog='study.py',
        description='Run configs x overrides x seeds side by side, and compare what they reach.',
        epilog=EPILOG,
    )
    StudyOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the study that the command line asks for; returns the exit status."""
    return run_cli(_study, build_parser(), argv)


def _study(args: argparse.Namespace) -> int:
    import_libraries()
    from ostrdet.studies.study import run_study

    return run_study(**vars(StudyOptions.from_args(args)))

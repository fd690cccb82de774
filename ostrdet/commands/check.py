"""The command line of ``tools/check.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.run_options import add_options

EPILOG = """examples:
  python tools/check.py configs/search/ostr_darts_c10.py --data-root data/cifar10
  python tools/check.py configs/retrain/darts_in1k.py --genotype p-darts --data-root DIR --full

Exit status: 0 the run can start, 2 bad input, 3 a damaged file, 4 no room on the disk or in
/dev/shm.
"""


def build_parser() -> Parser:
    """The parser of ``tools/check.py``."""
    parser = Parser(
        prog='check.py',
        description='Rehearse a run: build everything, read a batch of every loader, take one step,\n'
        'estimate time, memory and disk. Nothing is kept.',
        epilog=EPILOG,
    )
    parser.add_argument('config', metavar='CONFIG', help='config of a search or a training')
    parser.add_argument('--full', action='store_true', help='read all images')
    add_options(parser, '--genotype', '--work-dir', '--data-root', '--cfg-options')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Check what the command line asks for; returns the exit status."""
    return run_cli(_check, build_parser(), argv)


def _check(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.rehearse import check

    found = check(
        args.config,
        full=args.full,
        genotype=args.genotype,
        data_root=args.data_root,
        work_dir=args.work_dir,
        cfg_options=args.cfg_options,
    )
    print('\n'.join(found.lines()))
    print('ok: the run can start')

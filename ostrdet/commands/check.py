"""The command line of ``tools/check.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options, argument, flag
from ostrdet.commands.run_options import cfg_options, data_root, genotype, work_dir

EPILOG = """examples:
  python tools/check.py configs/search/ostr_darts_c10.py --data-root data/cifar10
  python tools/check.py configs/retrain/darts_in1k.py --genotype p-darts --data-root DIR --full

Exit status: 0 the run can start, 2 bad input, 3 a damaged file, 4 no room on the disk or in
/dev/shm.
"""


@dataclass(frozen=True, kw_only=True)
class CheckOptions(Options):
    """Options of ``tools/check.py``, which are the arguments of :func:`ostrdet.apis.rehearse.check`."""

    config: str = argument('CONFIG', 'config of a search or a training')
    full: bool = flag('read all images')
    genotype: str | None = genotype()
    work_dir: str | None = work_dir()
    data_root: str | None = data_root()
    cfg_options: Sequence[str] = cfg_options()


def build_parser() -> Parser:
    """The parser of ``tools/check.py``."""
    parser = Parser(
        prog='check.py',
        description='Rehearse a run: build everything, read a batch of every loader, take one step,\n'
        'estimate time, memory and disk. Nothing is kept.',
        epilog=EPILOG,
    )
    CheckOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Check what the command line asks for; returns the exit status."""
    return run_cli(_check, build_parser(), argv)


def _check(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.rehearse import check

    found = check(**vars(CheckOptions.from_args(args)))
    print('\n'.join(found.lines()))
    print('ok: the run can start')

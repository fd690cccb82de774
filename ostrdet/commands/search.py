"""The command line of ``tools/search.py``; parses before anything heavy is imported."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import argument, option
from ostrdet.commands.run_options import RunOptions

EPILOG = """examples:
  python tools/search.py configs/search/ostr_nb201_digits.py
  python tools/search.py configs/search/ostr_darts_c10.py --data-root data/cifar10 --seed 1
  python tools/search.py configs/search/ostr_pc-darts_c10.py --resume
  python tools/search.py configs/search/ostr_darts_c10.py \\
      --cfg-options default_hooks.selector.patience=5 train_cfg.max_epochs=100

The work dir gets genotype.json, genotypes/epoch_NNN.json, trajectory.jsonl, report.html, run.log
and checkpoints; of a search in stages, each stage_N/ does, and genotype.json is that of the last.
Exit status: 0 done, 2 bad input or a number that is not finite, 3 a file that is damaged or not to
be trusted, 4 no room, no memory or a work dir in use, 129, 130 and 143 stopped with
a checkpoint.
"""


@dataclass(frozen=True, kw_only=True)
class SearchOptions(RunOptions):
    """Options of ``tools/search.py``, which are the arguments of :func:`ostrdet.apis.search.search`."""

    config: str = argument('CONFIG', 'config file, such as configs/search/ostr_darts_c10.py')
    benchmark: Sequence[str] | None = option(
        'table of accuracies (CSV, JSON, or folder of a NATS-Bench release), or several side by side; '
        "every epoch then reports the accuracy of each criterion's cell",
        nargs='+',
        metavar='PATH',
        before='amp',
    )


def build_parser() -> Parser:
    """The parser of ``tools/search.py``."""
    parser = Parser(
        prog='search.py',
        description='Search an architecture with one config: supernet, data, schedule, criterion.',
        epilog=EPILOG,
    )
    SearchOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the search that the command line asks for; returns the exit status."""
    return run_cli(_search, build_parser(), argv)


def _search(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.apis.search import search

    search(**vars(SearchOptions.from_args(args)))


if __name__ == '__main__':  # how a study starts its runs, from a wheel too
    sys.exit(main())

"""The command line of ``tools/baseline.py``; parses before anything heavy is imported."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options, argument, flag, option

EPILOG = """examples:
  python tools/baseline.py random --table nasbench201_12ep.csv nasbench201_test_accuracy_200ep.csv \\
      --column cifar10_valid --report cifar10 --budget 100 --seed 0
  python tools/baseline.py evolution --table nasbench201_12ep.csv --column cifar10_valid --budget 500 --json
  python tools/baseline.py tpe --table nas_bench_macro_cifar10.json --cost flops --budget 200

Nothing is trained: values are looked up. 'tpe' needs Optuna (pip install 'ostrdet[optional]').
"""


@dataclass(frozen=True, kw_only=True)
class BaselineOptions(Options):
    """Options of ``tools/baseline.py``."""

    method: str = argument(
        'METHOD', 'random, evolution or tpe', choices=('random', 'evolution', 'tpe')
    )
    table: Sequence[str] = option(
        'table of numbers (CSV, JSON, or folder of a NATS-Bench release); several stand side by side',
        required=True,
        nargs='+',
        metavar='PATH',
    )
    budget: int = option('trainings', required=True, metavar='N')
    seed: int = option('of its draws (default: 0)', default=0, metavar='S')
    column: str | None = option('what the baseline sees (default: the first column)')
    report: str | None = option('column that is reported of its best cell (default: the same)')
    cost: str | None = option('column of what a training costs (default: 1 each)')
    minimize: bool = flag('a low value is good, as of errors and latencies')
    json: bool = flag('print one JSON object')


def build_parser() -> Parser:
    """The parser of ``tools/baseline.py``."""
    parser = Parser(
        prog='baseline.py',
        description='Simulate a baseline that trains one cell after the other, on a table.',
        epilog=EPILOG,
    )
    BaselineOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the baseline that the command line asks for; returns the exit status."""
    return run_cli(_baseline, build_parser(), argv)


def _baseline(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.evaluation.multi_trial import simulate
    from ostrdet.evaluation.nas_bench import load_table

    options = BaselineOptions.from_args(args)
    table = load_table(options.table)
    given = options.without('table', 'column', 'json')
    found = asdict(simulate(table=table, column=options.column or table.columns[0], **given))
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f'{name:<12}{value}')

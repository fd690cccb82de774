"""The command line of ``tools/query_benchmark.py``; torch is imported after the arguments are parsed."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ostrdet.commands.base import Parser, run_cli
from ostrdet.commands.options import Options, argument, flag, option

EPILOG = """\
examples:
  python tools/query_benchmark.py ostr_nb201 --table nasbench201_test_accuracy_200ep.csv
  python tools/query_benchmark.py work_dirs/ostr_nb201_c10/genotype.json --table NATS-tss-v1_0-3ffb9-simple
  python tools/query_benchmark.py "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|" \\
      --table nasbench201_test_accuracy_200ep.csv --json

NATS-Bench is a folder of pickles, which run what they hold: only read one that you trust.
"""


@dataclass(frozen=True, kw_only=True)
class QueryOptions(Options):
    """Options of ``tools/query_benchmark.py``."""

    arch: str = argument(
        'ARCH', 'cell: published name (see configs/genotypes), genotype file, or text in quotes'
    )
    table: Sequence[str] = option(
        'CSV file with the columns arch, cifar10, cifar100, imagenet16_120 (percent) or any other, or the '
        "folder NATS-tss-v1_0-3ffb9-simple of NATS-Bench (pip install 'ostrdet[optional]'); several stand "
        'side by side',
        required=True,
        nargs='+',
        metavar='PATH',
    )
    json: bool = flag('print one JSON object')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    return run_cli(_query, build_parser(), argv)


def build_parser() -> Parser:
    """The parser of the tool."""
    parser = Parser(
        prog='query_benchmark.py',
        description='Look up what a cell reaches on CIFAR-10, CIFAR-100 and ImageNet16-120 when\n'
        'it is trained in full, with its parameters and multiply-adds on CIFAR-10.',
        epilog=EPILOG,
    )
    QueryOptions.add_to(parser)
    return parser


def _query(args: argparse.Namespace) -> None:
    from ostrdet.evaluation.benchmark_table import DATASETS
    from ostrdet.evaluation.nas_bench import load_table
    from ostrdet.spaces.zoo import get_genotype

    options = QueryOptions.from_args(args)
    found = load_table(options.table).evaluate(get_genotype(options.arch))
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        if isinstance(value, int):
            print(f'{name:<24}{value:>13,}')
        else:
            print(f'{name:<24}{value:>11.2f}{" %" if name in DATASETS else ""}')

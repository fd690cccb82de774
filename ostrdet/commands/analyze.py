"""The command line of ``tools/analyze.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Mapping, Sequence

from ostrdet.commands.analyze_options import (
    AlongOptions,
    BudgetOptions,
    CorrelationOptions,
    CriteriaOptions,
    LossChangeOptions,
    NoiseOptions,
    OutOptions,
    ProxiesOptions,
    RaceOptions,
    StabilityOptions,
)
from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options

EPILOG = """examples:
  python tools/analyze.py correlation work_dirs/s0 work_dirs/s1 --benchmark table.csv
  python tools/analyze.py correlation work_dirs/darts --retrain configs/retrain/darts_c10-mini.py \\
      --epochs 3 --data-root data/cifar10
  python tools/analyze.py stability work_dirs/s0 work_dirs/s1 work_dirs/s2
  python tools/analyze.py criteria work_dirs/s0 work_dirs/s1 --benchmark table.csv
  python tools/analyze.py loss-change work_dirs/s0 --batches 8 --data-root data/cifar10
  python tools/analyze.py landscape work_dirs/s0 --every 2 --data-root data/cifar10
  python tools/analyze.py race work_dirs/s0 work_dirs/s1 --ops skip_connect nor_conv_3x3
  python tools/analyze.py noise work_dirs/s0 --batch-sizes 8 16 32 64 --data-root data/cifar10
  python tools/analyze.py residuals work_dirs/s0 --every 2 --data-root data/cifar10
  python tools/analyze.py proxies --table table.csv --cells cells.txt --scores naswot synflow
  python tools/analyze.py budget work_dirs/s0 work_dirs/s1 --benchmark table.csv

Every command writes CSV files and figures into --out; docs/analysis.md says how each number is
defined. 'loss-change', 'landscape', 'noise' and 'residuals' need checkpoints: search with
--cfg-options default_hooks.checkpoint.max_keep_ckpts=-1 to keep those of all epochs.
"""
#: What each analysis does, and its options but those of all.
COMMANDS: Mapping[str, tuple[str, type[Options]]] = {
    'correlation': ('correlate scores with stand-alone accuracies, by edge', CorrelationOptions),
    'stability': ('compare cells and accuracies over seeds and epochs', StabilityOptions),
    'criteria': ('compare the final cells of all criteria', CriteriaOptions),
    'loss-change': (
        'compare the loss change of selections with their estimates',
        LossChangeOptions,
    ),
    'landscape': ('follow the curvature of the validation loss in alpha', AlongOptions),
    'race': ('compare the scores of two operations on every edge, along the epochs', RaceOptions),
    'noise': ('part operation strength into signal and noise, by batch size', NoiseOptions),
    'residuals': ('follow how far candidates are from the mixture', AlongOptions),
    'proxies': ('rank the cells of a table by training-free scores', ProxiesOptions),
    'budget': ('compare cells that fit a part of the cost of the free choice', BudgetOptions),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the analysis that the command line asks for; returns the exit status."""
    return run_cli(_analyze, build_parser(), argv)


def build_parser() -> Parser:
    """The parser, with a subparser for each analysis."""
    parser = Parser(
        prog='analyze.py',
        description='Analyse searches that are done: the pictures and tables of the paper.',
        epilog=EPILOG,
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, (text, options) in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=f'{text[0].upper()}{text[1:]}.')
        options.add_to(sub)
        OutOptions.add_to(sub)
    return parser


def _analyze(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.analysis.analyses import ANALYSES

    _, options = COMMANDS[args.command]
    ANALYSES[args.command](
        **vars(options.from_args(args)),
        **vars(OutOptions.from_args(args)),
    )

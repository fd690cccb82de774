"""The command line of ``tools/analyze.py``; parses before anything heavy is imported."""

import argparse
from collections.abc import Callable, Mapping, Sequence

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.run_options import add_options

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

Every command writes CSV files and figures into --out; docs/analysis.md says how each number is
defined. 'loss-change', 'landscape', 'noise' and 'residuals' need checkpoints: search with
--cfg-options default_hooks.checkpoint.max_keep_ckpts=-1 to keep those of all epochs.
"""
OUT = 'work_dirs/analysis'


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
    for name, (text, add_own) in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=f'{text[0].upper()}{text[1:]}.')
        add_own(sub)
        sub.add_argument('--out', default=OUT, metavar='DIR', help=f'default: {OUT}')
        sub.add_argument('--png', action='store_true', help='write figures as PNG too')
    return parser


def _correlation(parser: Parser) -> None:
    _work_dirs(parser)
    _table_options(parser, dataset=True)
    parser.add_argument(
        '--retrain', metavar='CONFIG', help='train every cell with CONFIG, instead of a table'
    )
    parser.add_argument(
        '--epochs', type=int, default=1, metavar='N', help='epochs of each training (default: 1)'
    )
    parser.add_argument(
        '--seed', type=int, default=0, metavar='N', help='seed of each training (default: 0)'
    )
    add_options(parser, '--data-root')
    parser.add_argument(
        '--epoch', type=int, metavar='N', help='epoch of the searches (default: their last)'
    )
    parser.add_argument(
        '--base',
        metavar='CRITERION',
        help='whose cell is varied (default: the one that decided the search)',
    )


def _stability(parser: Parser) -> None:
    _work_dirs(parser)
    _table_options(parser, dataset=True)
    parser.add_argument(
        '--from-epoch',
        type=int,
        default=5,
        metavar='N',
        help='first epoch that counts (default: 5)',
    )


def _criteria(parser: Parser) -> None:
    _work_dirs(parser)
    _table_options(parser)
    parser.add_argument(
        '--layout', help='size at which networks are counted (default: first of the space)'
    )


def _loss_change(parser: Parser) -> None:
    _checkpoint(parser)
    _batches(parser, 4)


def _along_checkpoints(parser: Parser) -> None:
    _work_dirs(parser)
    parser.add_argument(
        '--every', type=int, default=1, metavar='N', help='every N-th checkpoint (default: 1)'
    )
    _batches(parser, 1)


def _race(parser: Parser) -> None:
    _work_dirs(parser)
    _ops(parser)
    parser.add_argument(
        '--criterion',
        default='OperationStrength',
        help='whose scores are compared (default: OperationStrength)',
    )
    parser.add_argument(
        '--group-by',
        nargs='+',
        default=['model.supernet.num_cells', 'train_dataloader.batch_size'],
        metavar='KEY',
        help='config keys by which searches are grouped (default: depth and batch size)',
    )


def _noise(parser: Parser) -> None:
    _checkpoint(parser)
    _ops(parser)
    parser.add_argument(
        '--batch-sizes',
        type=int,
        nargs='+',
        default=[8, 16, 32, 64],
        metavar='N',
        help='images of a minibatch (default: 8 16 32 64)',
    )
    _batches(parser, 16, ' of the largest size; their images are cut into the smaller ones')


def _checkpoint(parser: Parser) -> None:
    parser.add_argument('work_dir', metavar='WORK_DIR', help='work dir of a search')
    parser.add_argument(
        '--checkpoint', metavar='PATH', help='one of the search (default: its newest)'
    )


def _ops(parser: Parser) -> None:
    parser.add_argument(
        '--ops',
        nargs=2,
        metavar='OP',
        help='the two to compare (default: the skip connection and the largest one)',
    )


def _work_dirs(parser: Parser) -> None:
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR', help='work dir of a search')


def _table_options(parser: Parser, dataset: bool = False) -> None:
    parser.add_argument(
        '--benchmark',
        metavar='PATH',
        help='table of accuracies (CSV, or folder of a NATS-Bench release)',
    )
    if dataset:
        parser.add_argument(
            '--dataset', default='cifar10', help='data set of the table (default: cifar10)'
        )


def _batches(parser: Parser, default: int, which: str = '') -> None:
    parser.add_argument(
        '--batches',
        type=int,
        default=default,
        metavar='N',
        help=f'minibatches of the architecture half{which} (default: {default})',
    )
    add_options(parser, '--data-root')


COMMANDS: Mapping[str, tuple[str, Callable[[Parser], None]]] = {
    'correlation': ('correlate scores with stand-alone accuracies, by edge', _correlation),
    'stability': ('compare cells and accuracies over seeds and epochs', _stability),
    'criteria': ('compare the final cells of all criteria', _criteria),
    'loss-change': ('compare the loss change of selections with their estimates', _loss_change),
    'landscape': ('follow the curvature of the validation loss in alpha', _along_checkpoints),
    'race': ('compare the scores of two operations on every edge, along the epochs', _race),
    'noise': ('part operation strength into signal and noise, by batch size', _noise),
    'residuals': ('follow how far candidates are from the mixture', _along_checkpoints),
}


def _analyze(args: argparse.Namespace) -> None:
    import_libraries()
    from ostrdet.analysis.analyses import ANALYSES

    options = {key: value for key, value in vars(args).items() if key not in {'command', 'debug'}}
    ANALYSES[args.command](**options)

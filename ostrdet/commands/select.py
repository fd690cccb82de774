"""The command line of ``tools/select.py``; torch is imported after the arguments are parsed."""

import argparse
import json
from collections.abc import Sequence

from ostrdet.commands.base import Parser, import_libraries, run_cli

EPILOG = """\
examples:
  python tools/select.py work_dirs/ostr_nb201_digits
  python tools/select.py work_dirs/ostr_nb201_c10 --criterion LossChange --batches 16 --data-root DIR

Costs, in forward passes of a minibatch: criteria that watch the search take none, their scores are in
the checkpoint. LossChange takes B (1 + E O), summed over the cell types, for B minibatches, E edges and
O operations: 31 B in NAS-Bench-201, 226 B in the DARTS space.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    return run_cli(_select, build_parser(), argv)


def build_parser() -> Parser:
    """The parser of the tool."""
    parser = Parser(
        prog='select.py',
        description='Select cells anew from a finished search, by any criterion. Nothing is trained;\n'
        'genotypes go to selected/ in the work dir.',
        epilog=EPILOG,
    )
    parser.add_argument('work_dir', metavar='WORK_DIR', help='folder of a search')
    parser.add_argument(
        '--criterion',
        metavar='NAME',
        action='append',
        default=[],
        help='a criterion; may be given several times (default: all that can answer)',
    )
    parser.add_argument(
        '--batches',
        metavar='N',
        type=int,
        help='minibatches of the architecture half, for criteria that evaluate (default: 8, or all if '
        'there are fewer)',
    )
    parser.add_argument(
        '--checkpoint', metavar='FILE', help='default: the newest at the end of an epoch'
    )
    parser.add_argument('--data-root', metavar='DIR', help="data set, instead of the config's")
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    return parser


def _select(args: argparse.Namespace) -> None:
    if args.batches is not None and args.batches < 1:
        build_parser().error(f'argument --batches: {args.batches} is below 1')
    import_libraries()
    from ostrdet.apis.select import select

    found = select(args.work_dir, args.criterion, args.batches, args.checkpoint, args.data_root)
    if args.json:
        told = {
            one.criterion: {
                'genotype': one.text,
                'forward_passes': one.forward_passes,
                'file': str(one.file),
            }
            for one in found
        }
        print(json.dumps(told))
        return
    width = max(len(one.criterion) for one in found)
    for one in found:
        print(f'{one.criterion:<{width}}  {one.text}  {one.forward_passes:,} forward passes')
    print(f'genotypes: {found[0].file.parent}')

"""The command line of ``tools/select.py``; torch is imported after the arguments are parsed."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options, argument, flag, option

if TYPE_CHECKING:
    from ostrdet.apis.select import Selection, Within

EPILOG = """\
examples:
  python tools/select.py work_dirs/ostr_nb201_digits
  python tools/select.py work_dirs/ostr_nb201_c10 --criterion LossChange --batches 16 --data-root DIR
  python tools/select.py work_dirs/ostr_nb201_digits --max-macs 60M --layout cifar10 --json
  python tools/select.py work_dirs/ostr_nb201_digits --max-params 1M --front

Costs, in forward passes of a minibatch: criteria that watch the search take none, their scores are in
the checkpoint. LossChange takes B (1 + E O), summed over the cell types, for B minibatches, E edges and
O operations: 31 B in NAS-Bench-201, 226 B in the DARTS space. Perturbation takes about as many, Shapley
at most 310 and 1,970 of one minibatch for its 10 orders.
"""


@dataclass(frozen=True, kw_only=True)
class SelectOptions(Options):
    """Options of ``tools/select.py``; all but ``--json`` are for :func:`ostrdet.apis.select.select`."""

    work_dir: str = argument('WORK_DIR', 'folder of a search')
    criteria: Sequence[str] = option(
        'a criterion; may be given several times (default: all that answer at little cost)',
        default=[],
        name='--criterion',
        action='append',
        metavar='NAME',
    )
    batches: int | None = option(
        'minibatches of the architecture half, for criteria that evaluate (default: 8, or all if '
        'there are fewer)',
        metavar='N',
    )
    checkpoint: str | None = option('default: the newest at the end of an epoch', metavar='FILE')
    data_root: str | None = option("data set, instead of the config's", metavar='DIR')
    max_macs: str | None = option(
        'the best genotype of at most so many multiply-adds, such as 600M', metavar='N'
    )
    max_params: str | None = option('likewise, of parameters, such as 3.3M', metavar='N')
    max_latency: float | None = option(
        'likewise, of milliseconds of the operations, by --latency-table', metavar='MS'
    )
    latency_table: Sequence[str] | None = option(
        'CSV file: op, channels, size, stride, milliseconds (tools/benchmark_latency.py --ops makes one); '
        'or, with --latency-device, milliseconds of whole networks by cell, several files side by side',
        nargs='+',
        metavar='FILE',
    )
    latency_device: str | None = option('column of a table by cell', metavar='NAME')
    layout: str = option(
        'published size of the network at which budgets count (default: cifar10)',
        default='cifar10',
        metavar='NAME',
    )
    front: bool = flag(
        'write what every budget chooses, too, as a CSV file and a figure in selected/'
    )
    json: bool = flag('print one JSON object')


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
    SelectOptions.add_to(parser)
    return parser


def _select(args: argparse.Namespace) -> None:
    options = SelectOptions.from_args(args)
    if options.batches is not None and options.batches < 1:
        build_parser().error(f'argument --batches: {options.batches} is below 1')
    import_libraries()
    from ostrdet.apis.select import select

    found = select(**options.without('json'))
    if options.json:
        told = {one.criterion: _told(one) for one in found}
        if found[0].within is not None and len(found) == 1:
            told = told[found[0].criterion]
        print(json.dumps(told))
        return
    width = max(len(one.criterion) for one in found)
    for one in found:
        print(f'{one.criterion:<{width}}  {one.text}  {one.forward_passes:,} forward passes')
        if one.within is not None:
            print(_cost_line(one.within))
    print(f'genotypes: {found[0].file.parent}')


def _told(one: 'Selection') -> dict[str, Any]:
    if one.within is not None:
        told = {name: value for name, value in asdict(one.within).items() if value is not None}
        return {
            'genotype': one.text,
            **told,
            **({'front': str(one.within.front)} if one.within.front else {}),
        }
    return {
        'genotype': one.text,
        'forward_passes': one.forward_passes,
        'file': str(one.file),
    }


def _cost_line(within: 'Within') -> str:
    kept = within.score / within.free_score if within.free_score else 1.0
    latency = '' if within.latency is None else f', {within.latency:.4g} ms'
    front = '' if within.front is None else f'\n  front: {within.front}, and .svg'
    return (
        f'  {within.macs:,} multiply-adds, {within.params:,} parameters{latency}; score '
        f'{within.score:.4g} of {within.free_score:.4g} without a budget ({kept:.1%}){front}'
    )

"""The command line of ``tools/benchmark_latency.py``; parses before anything heavy is imported."""

import argparse
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.run_options import add_options
from ostrdet.errors import InvalidValueError

if TYPE_CHECKING:
    from ostrdet.apis.latency import Latency

EPILOG = """examples:
  python tools/benchmark_latency.py configs/retrain/darts_c10.py --batch-size 64
  python tools/benchmark_latency.py --genotype darts_v2 --layout imagenet --amp --channels-last
  python tools/benchmark_latency.py --genotype ostr_nb201 --layout cifar10 --threads 1 --json

The network has random weights, and no auxiliary head; loading of images does not count. On a GPU
the peak is the memory that torch allocated while it measured, else the resident memory of the
process, Python and its libraries included. Exit status: 0 done, 2 bad input.
"""


def build_parser() -> Parser:
    """The parser of ``tools/benchmark_latency.py``."""
    parser = Parser(
        prog='benchmark_latency.py',
        description="Measure images per second, latency and memory of a network's inference.",
        epilog=EPILOG,
    )
    parser.add_argument(
        'config', nargs='?', metavar='CONFIG', help='config file; or give --genotype and --layout'
    )
    add_options(parser, '--genotype')
    parser.add_argument(
        '--layout', help='published size of the network: cifar10, cifar100, imagenet, ...'
    )
    _add_run(parser)
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line names; returns the exit status."""
    return run_cli(_benchmark, build_parser(), argv)


def _add_run(parser: Parser) -> None:
    """The options that say how the network runs."""
    parser.add_argument(
        '--batch-size', type=int, default=1, metavar='N', help='images per batch; default 1'
    )
    parser.add_argument(
        '--size',
        type=int,
        metavar='S',
        help='height and width of the images in pixels; default those of the config or layout',
    )
    parser.add_argument(
        '--iterations',
        type=int,
        metavar='N',
        help='batches to measure, each by itself; default as many as take 2 to 20 seconds',
    )
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ...; default a GPU if there is one')
    add_options(parser, '--amp')
    parser.add_argument(
        '--channels-last',
        action='store_true',
        help="lay out weights and images channels last; default as the config's network does",
    )
    parser.add_argument('--compile', action='store_true', help='compile the network first')
    parser.add_argument(
        '--threads', type=int, metavar='N', help="threads of torch; default torch's"
    )


def _benchmark(args: argparse.Namespace) -> None:
    if (args.config is None) == (args.layout is None):
        raise InvalidValueError('give either CONFIG, or --genotype and --layout')
    if args.layout is not None and args.genotype is None:
        raise InvalidValueError('--layout needs --genotype')
    # It warns of a CUDA without a GPU, which matters to nobody but its compiler
    logging.getLogger('torch.utils.cpp_extension').setLevel(logging.ERROR)
    import_libraries()
    from ostrdet.apis.latency import benchmark_latency, network_of_config, network_of_layout

    if args.layout is None:
        network, size = network_of_config(args.config, args.genotype)
    else:
        network, size = network_of_layout(args.genotype, args.layout)
    latency = benchmark_latency(
        network,
        size if args.size is None else (args.size, args.size),
        batch_size=args.batch_size,
        iterations=args.iterations,
        device=args.device,
        amp=args.amp,
        channels_last=args.channels_last,
        compile_network=args.compile,
        threads=args.threads,
    )
    _show(latency, args.json)


def _show(latency: 'Latency', as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print(json.dumps(asdict(latency)))
        return
    height, width = latency.size
    how = f'{latency.dtype}, {latency.memory_format}{", compiled" * latency.compiled}'
    print(f'device      {latency.device}, {latency.threads} threads, torch {latency.torch}')
    print(f'batch       {latency.batch_size} x 3 x {height} x {width}, {how}')
    print(
        f'latency     {latency.ms_median:.2f} ms per batch, 90 % within {latency.ms_p90:.2f} ms '
        f'({latency.runs} batches, timed in {latency.blocks} blocks)'
    )
    print(f'throughput  {latency.images_per_second:,.1f} images/s')
    print(f'peak        {latency.peak_mib:,.0f} MiB')

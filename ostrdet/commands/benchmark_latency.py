"""The command line of ``tools/benchmark_latency.py``; parses before anything heavy is imported."""

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ostrdet.commands.base import Parser, import_libraries, run_cli
from ostrdet.commands.options import Options, argument, flag, option
from ostrdet.commands.run_options import amp, genotype
from ostrdet.errors import InvalidValueError

if TYPE_CHECKING:
    from torch import nn

    from ostrdet.apis.latency import Latency

EPILOG = """examples:
  python tools/benchmark_latency.py configs/retrain/darts_c10.py --batch-size 64
  python tools/benchmark_latency.py --genotype darts_v2 --layout imagenet --amp --channels-last
  python tools/benchmark_latency.py --genotype ostr_nb201 --layout cifar10 --threads 1 --json
  python tools/benchmark_latency.py configs/search/ostr_darts_c10.py --layout cifar10 --ops ms.csv

The network has random weights, and no auxiliary head; loading of images does not count. On a GPU
the peak is the memory that torch allocated while it measured, else the resident memory of the
process, Python and its libraries included. Exit status: 0 done, 2 bad input.
"""


@dataclass(frozen=True, kw_only=True)
class LatencyOptions(Options):
    """Options of ``tools/benchmark_latency.py``: what is measured, how, and how that is told."""

    config: str | None = argument(
        'CONFIG', 'config file; or give --genotype and --layout', default=None, nargs='?'
    )
    genotype: str | None = genotype()
    layout: str | None = option('published size of the network: cifar10, cifar100, imagenet, ...')
    batch_size: int = option('images per batch; default 1', default=1, metavar='N')
    size: int | None = option(
        'height and width of the images in pixels; default those of the config or layout',
        metavar='S',
    )
    iterations: int | None = option(
        'batches to measure, each by itself; default as many as take 2 to 20 seconds', metavar='N'
    )
    device: str | None = option('cpu, cuda, cuda:1, ...; default a GPU if there is one')
    amp: str | None = amp()
    channels_last: bool = flag(
        "lay out weights and images channels last; default as the config's network does"
    )
    compile_network: bool = flag('compile the network first', name='--compile')
    threads: int | None = option("threads of torch; default torch's", metavar='N')
    ops: str | None = option(
        'measure instead every operation of the space, which is that of --genotype or of CONFIG, here of '
        'a search, at every place of --layout, and write the table for select.py --latency-table',
        metavar='FILE',
    )
    json: bool = flag('print one JSON object')


def build_parser() -> Parser:
    """The parser of ``tools/benchmark_latency.py``."""
    parser = Parser(
        prog='benchmark_latency.py',
        description="Measure images per second, latency and memory of a network's inference.",
        epilog=EPILOG,
    )
    LatencyOptions.add_to(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line names; returns the exit status."""
    return run_cli(_benchmark, build_parser(), argv)


def _benchmark(args: argparse.Namespace) -> None:
    options = LatencyOptions.from_args(args)
    if options.ops is not None:
        _benchmark_ops(options, options.ops)
        return
    if (options.config is None) == (options.layout is None):
        raise InvalidValueError('give either CONFIG, or --genotype and --layout')
    if options.layout is not None and options.genotype is None:
        raise InvalidValueError('--layout needs --genotype')
    _import()
    from ostrdet.apis.latency import benchmark_latency

    network, size = _network(options)
    how = options.without('config', 'genotype', 'layout', 'size', 'ops', 'json')
    if options.size is not None:
        size = (options.size, options.size)
    _show(benchmark_latency(network, size, **how), options.json)


def _import() -> None:
    # It warns of a CUDA without a GPU, which matters to nobody but its compiler
    logging.getLogger('torch.utils.cpp_extension').setLevel(logging.ERROR)
    import_libraries()


def _benchmark_ops(options: LatencyOptions, file: str) -> None:
    if (options.config is None) == (options.genotype is None) or options.layout is None:
        raise InvalidValueError('--ops needs --layout, and either CONFIG or --genotype')
    if options.size is not None or options.compile_network:
        raise InvalidValueError('--ops goes without --size and --compile: the layout has its sizes')
    _import()
    from ostrdet.apis.latency import benchmark_ops, space_of
    from ostrdet.structures.latency_table import write_latencies

    how = options.without('config', 'genotype', 'size', 'compile_network', 'ops', 'json')
    found = benchmark_ops(space_of(options.config, options.genotype), **how)
    write_latencies(Path(file), found)
    if options.json:
        print(json.dumps({'file': file, 'rows': len(found)}))
        return
    for name in dict.fromkeys(op for op, _, _ in found):
        own = [ms for op, _, ms in found if op == name]
        print(f'{name:<16}  {min(own):.4f} to {max(own):.4f} ms at {len(own)} places')
    print(f'written: {file}')


def _network(options: LatencyOptions) -> 'tuple[nn.Module, tuple[int, int]]':
    """The network that is named, and the size of its images."""
    from ostrdet.apis.latency import network_of_config, network_of_layout

    if options.config is not None:
        return network_of_config(options.config, options.genotype)
    assert options.genotype is not None
    assert options.layout is not None
    return network_of_layout(options.genotype, options.layout)


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

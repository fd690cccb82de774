#!/usr/bin/env python
"""Seconds and memory of a search step, of one config or of two variants of it in turn.

    python benchmarks/search_variants.py configs/search/ostr_darts_c10.py --data-root DIR
    python benchmarks/search_variants.py configs/search/ostr_nb201_digits.py \
        --versus model.channels_last=True

Every variant runs in a process of its own, on the real data of the config. Reported are the median,
fastest and slowest iteration after the warm-up, the peak memory of the process, and ratios.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple


class Figures(NamedTuple):
    """What one variant took: seconds of every iteration, and the process's peak in MiB."""

    seconds: list[float]
    peak_mib: float

    def __str__(self) -> str:
        ordered = sorted(self.seconds)
        return (
            f'{statistics.median(ordered):.3f} s per iteration (min {ordered[0]:.3f}, '
            f'max {ordered[-1]:.3f}, {len(ordered)} iterations), peak {self.peak_mib:,.0f} MiB'
        )


def measure(args: argparse.Namespace, options: list[str]) -> Figures:
    """Run ``args.warmup + args.iters`` iterations; alpha moves in all of them."""
    from ostrdet.compat import import_quietly

    import_quietly()
    import torch

    from ostrdet.apis.search import build_search

    torch.set_num_threads(args.threads)
    always = ['train_cfg.arch_start_epoch=0']  # the costly iterations, not those of frozen alpha
    with tempfile.TemporaryDirectory() as work_dir:
        runner = build_search(
            args.config, work_dir, data_root=args.data_root, cfg_options=[*options, *always]
        )
        loop = runner.train_loop
        wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        runner.model.train()
        total = args.warmup + args.iters
        seconds = [_timed(runner, wrapper, pair) for pair in islice(_endless(loop), total)]
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Figures(seconds[args.warmup :], peak_kib / 1024)


def _endless(loop) -> Iterator:  # noqa: ANN001 - a BilevelTrainLoop, imported late
    while True:
        yield from loop.pairs()


def _timed(runner, wrapper, pair) -> float:  # noqa: ANN001 - as above
    start = time.perf_counter()
    runner.model.train_step(pair, wrapper)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('--data-root', default=None)
    parser.add_argument('--iters', type=int, default=20, help='iterations that count')
    parser.add_argument('--warmup', type=int, default=2, help='iterations before them')
    parser.add_argument('--threads', type=int, default=2, help='threads of torch')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    parser.add_argument(
        '--versus', nargs='+', default=[], metavar='KEY=VALUE', help='second variant'
    )
    args = parser.parse_args()
    variants = [args.cfg_options, *([[*args.cfg_options, *args.versus]] if args.versus else [])]
    figures = []
    for options in variants:
        with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
            figures.append(pool.submit(measure, args, options).result())
        print(f'{" ".join(options) or "as configured"}: {figures[-1]}', flush=True)
    if args.versus:
        first, second = (statistics.median(figure.seconds) for figure in figures)
        memory = figures[0].peak_mib / figures[1].peak_mib
        print(f'ratio first/second: time {first / second:.2f}, memory {memory:.2f}')


if __name__ == '__main__':
    main()

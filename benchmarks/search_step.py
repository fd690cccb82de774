#!/usr/bin/env python
"""A bilevel search step by the plain and the fast engine in turn, in one process.

    OMP_NUM_THREADS=1 python benchmarks/search_step.py darts nb201 pc-darts --out steps.json

At first order a third way, "public", is the plain engine with an architecture step that differentiates
with respect to everything, as public implementations of DARTS do. The way "drawn" is the fast engine
under hard Gumbel weights (GDAS), a new draw for every step. With ``--peer DIR``, a checkout of
quark0/darts, "peer" is the step of its own classes, for the setting darts at first order. Several
``--threads`` take turns too.

Reported per way: median, fastest and slowest step in seconds of the clock and of the processor (on
a busy machine the latter says more), the same of a step of the weights alone, whose difference to the
whole is the step of the architecture, the peak memory of a fresh process, and the arithmetic of the
plain step per second next to what a large matrix product reaches in the same run.
"""

import argparse
import itertools
import json
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from mmengine.optim import OptimWrapperDict
from peer import peer_steps
from supernets import SETTINGS, UPDATES, batch, searcher
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ostrdet.models.searchers import BilevelSearcher

ENGINES = ('plain', 'fast')
#: What is shown next to the same part of the fast engine.
WAYS = (
    ('peer', 'step'),
    ('peer', 'weights'),
    ('public', 'step'),
    ('plain', 'step'),
    ('plain', 'weights'),
    ('drawn', 'step'),
    ('drawn', 'weights'),
)
Row = dict[str, Any]


class FlopCounter(TorchDispatchMode):
    """Counts what torch's own counter does, which does not allow ``torch.autograd.grad``."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if count := flop_registry.get(func.overloadpacket):
            self.total += count(*args, **(kwargs or {}), out_val=result)
        return result


def timed(step: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - clock, time.process_time() - processor


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, fastest and slowest."""
    return {
        'median': statistics.median(seconds),
        'min': min(seconds),
        'max': max(seconds),
    }


def take_step(model: BilevelSearcher, wrapper: OptimWrapperDict, data: Any) -> None:
    """A step, with draws of its own."""
    model.draw_seed += 1
    model.train_step(data, wrapper)


def steps_of(setting: str, order: str, args: argparse.Namespace) -> dict[Any, Callable[[], object]]:
    """The steps that take turns, by way and part."""
    pair = (batch(args.batch), batch(args.batch))
    models = {engine: searcher(setting, engine, order) for engine in ENGINES}
    if order == 'first':
        models['public'] = searcher(setting, 'plain', 'public')
    models['drawn'] = searcher(setting, 'fast', order, 'drawn')
    steps: dict[Any, Callable[[], object]] = {
        (way, part): partial(take_step, model, wrapper, data)
        for way, (model, wrapper) in models.items()
        for part, data in (('step', pair), ('weights', (pair[0], None)))
    }
    steps.pop(('public', 'weights'), None)  # that of 'plain'
    if args.peer and (setting, order) == ('darts', 'first'):
        peer = peer_steps(args.peer, args.batch)
        steps |= {('peer', part): step for part, step in peer.items()}
    return steps


def measure(setting: str, order: str, args: argparse.Namespace) -> list[Row]:
    """Alternate numbers of threads, engines, and the whole step and that of the weights alone; a row per number."""
    steps = steps_of(setting, order, args)
    with FlopCounter() as counter:
        steps['plain', 'step']()
    for key in steps.keys() - {('plain', 'step')}:
        steps[key]()
    seconds: dict[Any, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(args.repeats):
        for threads, (key, step) in itertools.product(args.threads, steps.items()):
            torch.set_num_threads(threads)
            seconds[threads, key].append(timed(step))
    fixed = {'setting': setting, 'order': order, 'batch': args.batch, 'repeats': args.repeats}
    rows = []
    for threads in args.threads:
        torch.set_num_threads(threads)
        row: Row = {**fixed, 'threads': threads, 'gflop': counter.total / 1e9, 'roof': roof()}
        for way, part in steps:
            clock, processor = zip(*seconds[threads, (way, part)], strict=True)
            row[f'{way} {part}'] = {'clock': spread(clock), 'processor': spread(processor)}
        rows.append(row)
    return rows


def peak_mib(way: tuple[str, ...], size: int, threads: int, steps: int = 2) -> float:
    """Peak memory of this process after some steps; libraries included."""
    torch.set_num_threads(threads)
    model, wrapper = searcher(*way)
    for _ in range(steps):
        take_step(model, wrapper, (batch(size), batch(size)))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peaks_mib(setting: str, order: str, args: argparse.Namespace) -> dict[str, float]:
    """:func:`peak_mib` by way, where nothing else has been."""
    ways = {engine: (setting, engine, order) for engine in ENGINES}
    ways['drawn'] = (setting, 'fast', order, 'drawn')
    if order == 'first':
        ways['public'] = (setting, 'plain', 'public')
    peaks = {}
    for name, way in ways.items():
        with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
            peaks[name] = pool.submit(peak_mib, way, args.batch, args.threads[0]).result()
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
        peaks['libraries'] = pool.submit(peak_mib, ways['fast'], 1, args.threads[0], 0).result()
    return peaks


def roof() -> float:
    """GFLOP/s of a product of two matrices of 1024 rows and columns."""
    a, b = torch.randn(2, 1024, 1024)
    return 2 * 1024**3 / 1e9 / min(timed(lambda: a @ b)[0] for _ in range(10))


def show(row: Row) -> None:
    """Print a row, and the ratios to the fast engine."""
    print(
        f'{row["setting"]}, {row["order"]} order, batch {row["batch"]}, threads {row["threads"]}: '
        f'{row["gflop"]:.0f} GFLOP'
    )
    for way, part in WAYS:
        if f'{way} {part}' not in row:
            continue
        for unit in ('clock', 'processor'):
            slow, fast = row[f'{way} {part}'][unit], row[f'fast {part}'][unit]
            texts = [f'{s["median"]:.2f} ({s["min"]:.2f}-{s["max"]:.2f})' for s in (slow, fast)]
            ratio = slow['median'] / fast['median']
            print(f'  {part}, {unit}: {way} {texts[0]} s, fast {texts[1]} s, ratio {ratio:.2f}')
    rates = [row['gflop'] / row[f'{engine} step']['clock']['median'] for engine in ENGINES]
    print(f'  GFLOP/s: plain {rates[0]:.1f}, fast {rates[1]:.1f}, matrix product {row["roof"]:.0f}')
    if 'peak MiB' in row:
        peaks = row['peak MiB']
        texts = [f'{way} {mib:.0f} (x {peaks["fast"] / mib:.2f})' for way, mib in peaks.items()]
        print(f'  peak in MiB, and what fast takes of it: {", ".join(texts)}')


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('settings', nargs='+', choices=list(SETTINGS))
    parser.add_argument('--orders', nargs='+', choices=list(UPDATES), default=['first'])
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--threads', type=int, nargs='+', default=[1])
    parser.add_argument('--peer', type=Path, metavar='DIR', help='a checkout of quark0/darts')
    parser.add_argument('--no-memory', action='store_true', help='skip the fresh processes')
    parser.add_argument('--out', type=Path, help='JSON file')
    args = parser.parse_args()
    torch.set_num_threads(args.threads[0])
    cases = list(itertools.product(args.settings, args.orders))
    # First, since a process inherits the peak of the one that starts it
    peaks = {} if args.no_memory else {case: peaks_mib(*case, args) for case in cases}
    rows = []
    for case in cases:
        for row in measure(*case, args):
            if case in peaks:
                row['peak MiB'] = peaks[case]
            show(row)
            rows.append(row)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()

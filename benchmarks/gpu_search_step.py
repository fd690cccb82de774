#!/usr/bin/env python
"""A bilevel search step on a GPU, by every way in turn, in one process.

    python benchmarks/gpu_search_step.py darts nb201 pc-darts --out gpu.json

The ways are those of search_step.py at first order ("public", "plain", "fast"), each with images
contiguous or channels-last, in float32 with and without TF32 and in bfloat16; "graphs" is an engine
of the two whose passes are replayed as CUDA graphs. Reported per way: milliseconds of a step (median,
fastest and slowest), peak memory, and the share of the time in which no kernel ran.
"""

import argparse
import gc
import itertools
import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from supernets import SETTINGS, batch, searcher
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

BATCH = {'darts': 64, 'nb201': 64, 'pc-darts': 256}
PRECISIONS = ('float32', 'tf32', 'bfloat16')
Row = dict[str, Any]


class Way(NamedTuple):
    """How a step is taken."""

    engine: str
    precision: str = 'float32'
    channels_last: bool = False
    cuda_graphs: bool = False

    @property
    def name(self) -> str:
        """For a table."""
        words = [self.engine, self.precision]
        words += ['channels-last'] * self.channels_last + ['graphs'] * self.cuda_graphs
        return ' '.join(words)


def all_ways() -> list[Way]:
    """The ways that make sense: no graph of a step that differentiates with respect to everything."""
    found = [
        Way(engine, precision, channels_last, graphs)
        for graphs, precision, channels_last, engine in itertools.product(
            (False, True), PRECISIONS, (False, True), ('public', 'plain', 'fast')
        )
    ]
    return [way for way in found if not (way.engine == 'public' and way.cuda_graphs)]


def make_step(setting: str, way: Way, size: int) -> Any:
    """A step of one searcher on one pair of minibatches."""
    order = 'public' if way.engine == 'public' else 'first'
    engine = 'plain' if way.engine == 'public' else way.engine
    keys: dict[str, Any] = {'channels_last': way.channels_last}
    if way.cuda_graphs:
        keys['cuda_graphs'] = True
    if way.precision == 'bfloat16':
        keys['autocast'] = 'bfloat16'
    model, wrapper = searcher(setting, engine, order, model=keys)
    model.cuda()
    pair = (batch(size), batch(size))
    return lambda: model.train_step(pair, wrapper)


def measure(setting: str, way: Way, repeats: int) -> Row:
    """Warm up, then time single steps from one synchronisation to the next."""
    torch.backends.cuda.matmul.allow_tf32 = way.precision == 'tf32'
    torch.backends.cudnn.allow_tf32 = way.precision == 'tf32'
    size = BATCH[setting]
    step = make_step(setting, way, size)
    torch.cuda.reset_peak_memory_stats()
    for _ in range(2):
        step()
    seconds = []
    for _ in range(repeats):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        step()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begin)
    return {
        'setting': setting,
        'batch': size,
        'way': way.name,
        'median ms': 1e3 * statistics.median(seconds),
        'min ms': 1e3 * min(seconds),
        'max ms': 1e3 * max(seconds),
        'peak MiB': torch.cuda.max_memory_allocated() / 2**20,
        'idle': 1 - kernel_seconds(step) / statistics.median(seconds),
    }


def kernel_seconds(step: Any) -> float:
    """Seconds in which kernels ran in one step, which run one after the other."""
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        step()
        torch.cuda.synchronize()
    kernels = (event for event in found.events() if event.device_type == DeviceType.CUDA)
    return sum(event.time_range.elapsed_us() for event in kernels) / 1e6


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('settings', nargs='+', choices=list(SETTINGS))
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--only', nargs='+', help='words that a way has to have all')
    parser.add_argument('--seconds', type=float, default=float('inf'), help='begin nothing after')
    parser.add_argument('--out', type=Path, help='JSON file')
    args = parser.parse_args()
    begin, rows = time.perf_counter(), []
    print(torch.cuda.get_device_name(), torch.__version__, flush=True)
    for setting, way in itertools.product(args.settings, all_ways()):
        if args.only and not set(args.only) <= set(way.name.split()):
            continue
        if time.perf_counter() - begin > args.seconds:
            print(f'{setting} {way.name}: not measured, out of time')
            continue
        rows.append(measure(setting, way, args.repeats))
        print(
            {k: round(v, 3) if isinstance(v, float) else v for k, v in rows[-1].items()}, flush=True
        )
        gc.collect()
        torch.cuda.empty_cache()
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()

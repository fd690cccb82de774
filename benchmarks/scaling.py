#!/usr/bin/env python
"""Time and memory of a search step against channels, cells, nodes, operations and batch.

    OMP_NUM_THREADS=1 python benchmarks/scaling.py --out scaling.json

One quantity changes at a time, from a small setting of the DARTS space. Every row is a process of its
own, for the sake of its peak memory, and gives the fastest step.
"""

import argparse
import json
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from supernets import batch, searcher

OPS = (
    'none',
    'skip_connect',
    'sep_conv_3x3',
    'dil_conv_5x5',
    'max_pool_3x3',
    'avg_pool_3x3',
    'sep_conv_5x5',
    'dil_conv_3x3',
)
BASE = {'channels': 8, 'cells': 4, 'nodes': 3, 'ops': 8, 'batch': 8}
VALUES = {
    'channels': (4, 8, 16, 32),
    'cells': (2, 4, 8),
    'nodes': (2, 3, 4),
    'ops': (3, 4, 6, 8),
    'batch': (4, 8, 16, 32),
}


def measure(engine: str, threads: int, repeats: int, config: dict[str, int]) -> dict[str, Any]:
    """Seconds of processor and clock of the fastest step, and the peak of this process."""
    torch.set_num_threads(threads)
    space = {'ops': OPS[: config['ops']], 'num_nodes': config['nodes']}
    sizes = {'channels': config['channels'], 'num_cells': config['cells']}
    model, wrapper = searcher('darts', engine, space=space, **sizes)
    pair = (batch(config['batch']), batch(config['batch']))
    seconds = []
    for _ in range(repeats + 1):
        clock, processor = time.perf_counter(), time.process_time()
        model.train_step(pair, wrapper)
        seconds.append((time.process_time() - processor, time.perf_counter() - clock))
    processor, clock = min(seconds[1:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {'processor': processor, 'clock': clock, 'peak MiB': peak}


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--vary', nargs='+', choices=list(VALUES), default=list(VALUES))
    parser.add_argument('--repeats', type=int, default=2)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--out', type=Path, help='JSON file')
    args = parser.parse_args()
    rows = []
    for name in args.vary:
        for value in VALUES[name]:
            for engine in ('plain', 'fast'):
                config = {**BASE, name: value}
                with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
                    job = pool.submit(measure, engine, args.threads, args.repeats, config)
                    rows.append({'vary': name, 'engine': engine, **config, **job.result()})
                row = rows[-1]
                print(
                    f'{name} {value:>2} {engine:>5}: {row["processor"]:.2f} s of the processor, '
                    f'{row["clock"]:.2f} s of the clock, peak {row["peak MiB"]:.0f} MiB',
                    flush=True,
                )
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()

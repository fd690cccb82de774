#!/usr/bin/env python
"""Forward and backward of a derived network by three ways in turn, in one process.

    OMP_NUM_THREADS=1 python benchmarks/derived_step.py darts_v2 pc-darts_in1k --out derived.json

The ways: contiguous as in public implementations; channels-last, the default where there is no GPU;
and that with ``fast_depthwise``. C 36, 20 cells, 32x32. Seconds are those of the processor.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ostrdet
from ostrdet.compat import import_quietly

import_quietly()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from ostrdet.models.networks import ClassifierHead, DerivedCellBackbone  # noqa: E402

#: Keys of the backbone, by way.
WAYS: dict[str, dict[str, bool]] = {
    'contiguous': {'channels_last': False},
    'channels-last': {'channels_last': True},
    'fast_depthwise': {'channels_last': True, 'fast_depthwise': True},
}


def stepper(genotype: str, way: str, size: int) -> Callable[[], None]:
    """A forward and backward pass of always the same weights and images."""
    torch.manual_seed(0)
    backbone = DerivedCellBackbone(ostrdet.get_genotype(genotype), 36, 20, **WAYS[way])
    network = nn.Sequential(
        backbone, ClassifierHead(backbone.plan.output.channels, 10, None)
    ).train()
    images, labels = torch.randn(size, 3, 32, 32), torch.arange(size) % 10

    def step() -> None:
        F.cross_entropy(network(images), labels).backward()
        network.zero_grad(set_to_none=True)

    return step


def measure(genotype: str, args: argparse.Namespace) -> dict[str, Any]:
    """Alternate the ways; seconds of every step but the first."""
    steps = {way: stepper(genotype, way, args.batch) for way in WAYS}
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(args.repeats + 1):
        for way, step in steps.items():
            start = time.process_time()
            step()
            seconds[way].append(time.process_time() - start)
    return {'genotype': genotype, 'batch': args.batch} | {w: s[1:] for w, s in seconds.items()}


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('genotypes', nargs='+', help='names of configs/genotypes, or files')
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--out', type=Path, help='JSON file')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = [measure(genotype, args) for genotype in args.genotypes]
    for row in rows:
        medians = {way: statistics.median(row[way]) for way in WAYS}
        for way, median in medians.items():
            ratio = medians['contiguous'] / median
            spread = f'{min(row[way]):.2f}-{max(row[way]):.2f}'
            print(f'{row["genotype"]:>14} {way:>14}: {median:.2f} ({spread}) s, {ratio:.2f}x')
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()

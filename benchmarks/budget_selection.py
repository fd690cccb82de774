#!/usr/bin/env python
"""CPU time of a choice within budgets: a pair of cells of the DARTS space, random scores.

OMP_NUM_THREADS=1 python benchmarks/budget_selection.py --tables 20
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ostrdet.models.networks.counting import network_costs
from ostrdet.selection import WithinBudget
from ostrdet.spaces import SearchSpace, build_space
from ostrdet.spaces.zoo import get_genotype
from ostrdet.structures.cell_costs import LATENCY, UNITS, all_places
from ostrdet.structures.latency_table import write_latencies

LAYOUT = 'imagenet'
CHOICES: Sequence[Sequence[str]] = [[unit] for unit in UNITS] + [
    ['macs', 'params'],
    ['macs', 'latency'],
    list(UNITS),
]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--tables', type=int, default=20, help='random score tables')
    tables = parser.parse_args().tables
    space = build_space(get_genotype('darts_v2').space)
    with tempfile.TemporaryDirectory() as folder:
        latencies = random_latencies(space, Path(folder, 'ms.csv'))
        for units in CHOICES:
            limits = {f'max_{unit}': 10**15 if unit != LATENCY else 1e6 for unit in units}
            table = latencies if LATENCY in units else None
            derive = WithinBudget(**limits, layout=LAYOUT, table=table)
            started = time.process_time()
            derive.prepare(space, network_costs)
            counted = time.process_time() - started
            set_budgets(derive, space)
            seconds, points = measure(derive, space, tables)
            print(
                f'{" + ".join(units):<24}  counting {counted:.2f} s; a choice {np.median(seconds):.3f} s, '
                f'at most {max(seconds):.3f} s; a front has {np.mean(points):.0f} points'
            )


def random_scores(space: SearchSpace, seed: int) -> dict[str, torch.Tensor]:
    """Scores of every operation, uniform in [0, 1)."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(len(spec.edges), len(space.ops), generator=generator)
        for name, spec in space.cells.items()
    }


def random_latencies(space: SearchSpace, file: Path) -> Path:
    """A table of random milliseconds: no two sums are alike, which is the hardest for the search."""
    size, rng = space.layout(LAYOUT), random.Random(0)
    plan = space.plan(size.stem, size.channels, size.num_cells)
    places = all_places(plan, space.cells, size.image_size)
    write_latencies(file, [(op, place, rng.random()) for place in places for op in space.ops])
    return file


def set_budgets(derive: WithinBudget, space: SearchSpace) -> None:
    """Budgets two thirds of the way from the cheapest genotype to a free choice."""
    assert derive.menu is not None
    free = derive.choose(space, random_scores(space, 0), bounded=False).genotype
    derive.budgets = {
        unit: (derive.menu.least(unit) + 2 * costs.of(free)) // 3
        for unit, costs in derive.costs.items()
    }


def measure(derive: WithinBudget, space: SearchSpace, tables: int) -> tuple[list[float], list[int]]:
    """CPU seconds of every choice, and the points of every front."""
    seconds, points = [], []
    for seed in range(1, tables + 1):
        scores = random_scores(space, seed)
        started = time.process_time()
        derive.choose(space, scores)
        seconds.append(time.process_time() - started)
        points.append(len(derive.front(space, scores)))
    return seconds, points


if __name__ == '__main__':
    main()

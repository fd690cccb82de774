#!/usr/bin/env python
"""A Markdown table of searches that differ in their seed, from their trajectories.

    python benchmarks/seed_table.py work_dirs/proxy-s0 work_dirs/proxy-s1 ... [--from-epoch 5]

A row per criterion and search: its cell after the last epoch, the cell's accuracies by the table, and
the mean accuracy over the epochs from ``--from-epoch`` on. The last rows are means over the searches.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

DATASETS = ('cifar10', 'cifar100')
Row = dict[str, Any]


def read(work_dir: Path) -> list[Row]:
    """The lines of a trajectory, one per epoch."""
    text = (work_dir / 'trajectory.jsonl').read_text(encoding='utf-8')
    return [json.loads(line) for line in text.splitlines()]


def of_search(lines: list[Row], criterion: str, from_epoch: int) -> dict[str, list[float]]:
    """By data set: the accuracy after the last epoch, and the mean from ``from_epoch`` on."""
    found = [line['benchmark'][criterion] for line in lines if line['epoch'] >= from_epoch]
    return {name: [found[-1][name], mean(row[name] for row in found)] for name in DATASETS}


def cells(values: Iterable[float]) -> str:
    """Numbers as the cells of a table row."""
    return ' | '.join(f'{value:.2f}' for value in values)


def table(searches: dict[str, list[Row]], from_epoch: int) -> list[str]:
    """The lines of the table."""
    heads = [f'{name} {what}' for name in DATASETS for what in ('last', f'mean {from_epoch}-')]
    lines = [f'| criterion | search | cell after the last epoch | {" | ".join(heads)} |']
    lines.append('|---|---|---|' + '---|' * len(heads))
    means = []
    for criterion in next(iter(searches.values()))[-1]['genotypes']:
        rows = {n: of_search(rows, criterion, from_epoch) for n, rows in searches.items()}
        flat = {name: [v for ds in DATASETS for v in row[ds]] for name, row in rows.items()}
        for name, values in flat.items():
            cell = searches[name][-1]['genotypes'][criterion].replace('|', '\\|')
            lines.append(f'| {criterion} | {name} | `{cell}` | {cells(values)} |')
        columns = list(zip(*flat.values(), strict=True))
        spread = (
            f'{mean(c):.2f} +- {stdev(c):.2f}' if len(c) > 1 else f'{c[0]:.2f}' for c in columns
        )
        means.append(f'| {criterion} | mean of {len(flat)} | | {" | ".join(spread)} |')
    return lines + means


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('work_dirs', nargs='+', type=Path, metavar='WORK_DIR')
    parser.add_argument('--from-epoch', type=int, default=5)
    args = parser.parse_args()
    searches = {folder.name: read(folder) for folder in args.work_dirs}
    print('\n'.join(table(searches, args.from_epoch)))


if __name__ == '__main__':
    main()

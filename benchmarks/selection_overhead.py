#!/usr/bin/env python
"""What the criteria cost: all of them, per step and per epoch, next to a search step.

OMP_NUM_THREADS=1 python benchmarks/selection_overhead.py darts --batch 16
"""

import argparse

import torch
from supernets import SETTINGS, batch, searcher
from torch.utils.benchmark import Timer

from ostrdet.registry import CRITERIA, build
from ostrdet.selection import discretize


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('setting', choices=list(SETTINGS))
    parser.add_argument('--batch', type=int, default=16)
    parser.add_argument('--threads', type=int, default=1)
    args = parser.parse_args()
    CRITERIA.import_from_location()
    criteria = [build(CRITERIA, {'type': name}) for name in CRITERIA.module_dict]
    model, wrapper = searcher(args.setting, 'fast')
    pair = (batch(args.batch), batch(args.batch))

    def seconds(function: object) -> float:
        timer = Timer('function()', globals={'function': function}, num_threads=args.threads)
        return timer.blocked_autorange(min_run_time=2.0).median

    torch.set_num_threads(args.threads)
    step = seconds(lambda: model.train_step(pair, wrapper))
    observe = seconds(lambda: [c.observe(model.arch_step) for c in criteria])
    state = model.arch_state()
    edges = state.edge_weights
    select = seconds(lambda: [discretize(model.space, c.scores(state), edges) for c in criteria])
    print(f'{len(criteria)} criteria: {1e3 * observe:.2f} ms per step of {step:.2f} s', end=' ')
    print(f'({observe / step:.3%}), {1e3 * select:.1f} ms per selection, once an epoch')


if __name__ == '__main__':
    main()

#!/usr/bin/env python
"""Images per second that the data pipeline of a search config delivers, by number of workers.

    python benchmarks/dataloading.py configs/search/ostr_darts_c10-folder.py --data-root cifar10

To be compared with the images per second of a step: benchmarks/search_step.py.
"""

import argparse
import tempfile
import time
from itertools import islice


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('--data-root', default=None)
    parser.add_argument('--workers', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument('--batches', type=int, default=20, help='pairs that count')
    args = parser.parse_args()
    from ostrdet.compat import import_quietly

    import_quietly()
    from ostrdet.apis.search import build_search

    for workers in args.workers:
        options = [
            f'train_dataloader.num_workers={workers}',
            f'train_dataloader.persistent_workers={workers > 0}',
            'train_cfg.arch_start_epoch=0',
        ]
        with tempfile.TemporaryDirectory() as work_dir:
            runner = build_search(
                args.config, work_dir, data_root=args.data_root, cfg_options=options
            )
            pairs = iter(runner.train_loop.pairs())
            next(pairs)  # starts the workers
            start, images = time.perf_counter(), 0
            for pair in islice(pairs, args.batches):
                images += sum(len(half['inputs']) for half in pair if half is not None)
            seconds = time.perf_counter() - start
        print(f'{workers} workers: {images / seconds:,.0f} images per second ({images} images)')


if __name__ == '__main__':
    main()

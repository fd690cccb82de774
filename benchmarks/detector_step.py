#!/usr/bin/env python
"""Seconds and memory of an optimisation step of a detector, on the real data of its config.

    python benchmarks/detector_step.py configs/retinanet/retinanet_p-darts_fpn_1x_coco.py \
        --data-root DIR --cfg-options train_dataloader.batch_size=1

Weights are as they are drawn: no classifier is needed. Reported are the size of each batch, the
seconds of the step (forward, backward, optimizer), and the peak memory of the process.
"""

import argparse
import resource
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
    parser.add_argument('--iters', type=int, default=3, help='steps')
    parser.add_argument('--threads', type=int, default=2, help='threads of torch')
    parser.add_argument('--amp', nargs='?', const='bfloat16', default=None)
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    args = parser.parse_args()
    from ostrdet.compat import import_quietly

    import_quietly()
    import torch

    from ostrdet.apis.train import build_training

    torch.set_num_threads(args.threads)
    chosen = [*args.cfg_options, 'model.backbone.init_cfg=None']
    options = {'data_root': args.data_root, 'amp': args.amp, 'cfg_options': chosen}
    with tempfile.TemporaryDirectory() as work_dir:
        runner = build_training(args.config, work_dir=work_dir, **options)
        wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        runner.model.init_weights()
        runner.model.train()
        for data in islice(runner.train_loop.dataloader, args.iters):
            start = time.perf_counter()
            losses = runner.model.train_step(data, wrapper)
            seconds = time.perf_counter() - start
            sizes = ', '.join('x'.join(map(str, image.shape[1:])) for image in data['inputs'])
            print(f'images of {sizes}: {seconds:.1f} s, loss {losses["loss"]:.3f}', flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f'peak {peak:,.0f} MiB')


if __name__ == '__main__':
    main()

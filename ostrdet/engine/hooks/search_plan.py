"""What a search is about to do, in a few lines, with an estimate of its time."""

import time
from typing import Any

import torch
from mmengine.runner import Runner
from torch import Tensor

from ostrdet.engine.hooks.console import duration
from ostrdet.engine.unwrap import searcher_of
from ostrdet.models.arch_updates import Batch

PROBE_SIZES = (2, 8)


def describe(runner: Runner, criterion: str, seconds: float) -> dict[str, str]:
    """The plan, as a text per heading.

    Args:
        runner: The runner, after everything was built.
        criterion: The criterion that decides.
        seconds: Estimated time of the rest of the run, in seconds.
    """
    loop, searcher = runner.train_loop, searcher_of(runner)
    space, supernet = searcher.space, searcher.bare_supernet
    edges = ', '.join(f'{name} {len(spec.edges)} edges' for name, spec in space.cells.items())
    parameters = sum(weight.numel() for weight in supernet.parameters())
    halves = f'{len(loop.weight_indices):,} + {len(loop.arch_indices):,}'
    start = f'epoch {runner.epoch + 1} of {loop.max_epochs}'
    return {
        'space': f'{type(space).__name__}: {edges}, {len(space.ops)} operations',
        'supernet': f'{len(supernet.skeleton.layers)} layers, {parameters:,} parameters',
        'data': f'{halves} images of {type(loop.dataset).__name__} (weights + architecture), '
        f'{len(loop.dataloader)} iterations of {loop.dataloader.batch_size} per epoch',
        'search': f'from {start}, {type(searcher.arch_update).__name__}, '
        f'alpha moves from epoch {loop.arch_start_epoch + 1}, seed {runner.seed}',
        'criterion': criterion,
        'device': f'{next(supernet.parameters()).device}, {torch.get_num_threads()} threads',
        'work dir': str(runner.work_dir),
        'ETA': f'about {duration(seconds)} (from a probe)',
    }


def probe_seconds(runner: Runner) -> float:
    """Seconds that an iteration will take, from passes over a few images that leave no trace.

    A pass over n images takes a + b n; two sizes tell a and b.
    """
    searcher, loader = searcher_of(runner), runner.train_loop.dataloader
    sample = searcher.data_preprocessor(loader.collate_fn([loader.dataset[0]]), training=True)
    few, more = PROBE_SIZES
    searcher.train()
    _seconds_of_pass(searcher, sample['inputs'], few)  # warms up
    short = _seconds_of_pass(searcher, sample['inputs'], few)
    per_image = (_seconds_of_pass(searcher, sample['inputs'], more) - short) / (more - few)
    one_pass = short + max(per_image, 0.0) * (loader.batch_size - few)
    return one_pass * (1 + searcher.arch_update.num_passes)


def _seconds_of_pass(searcher: Any, image_1CHW: Tensor, size: int) -> float:
    images = image_1CHW.repeat(size, 1, 1, 1)
    start = time.perf_counter()
    loss, weights = searcher.probe_loss(Batch(images, images.new_zeros(size, dtype=torch.long)))
    torch.autograd.grad(loss, weights, allow_unused=True)
    if loss.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start

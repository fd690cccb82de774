"""How many threads of torch compute a step fastest."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import torch
from mmengine.runner import Runner
from torch import Tensor

from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers.graphed import kept_buffers
from ostrdet.models.searchers.mix import kept_generators
from ostrdet.models.unwrap import unwrapped

#: Times that a pass is measured, after one that warms up; the fastest counts.
ROUNDS = 2
#: More threads are taken if they are faster by more than this share.
MARGIN = 0.03


def counts(most: int) -> list[int]:
    """What is tried: one thread, half of them, all.

    Examples:
        >>> counts(8), counts(2), counts(1)
        ([1, 4, 8], [1, 2], [1])
    """
    return sorted({1, max(most // 2, 1), most})


def seconds_by_threads(compute: Callable[[], None], most: int) -> dict[int, float]:
    """Time of ``compute`` by number of threads, in seconds, measured in turn.

    Args:
        compute: What is measured; it leaves no trace.
        most: The most threads to try. Torch has another number of threads afterwards.
    """
    best: dict[int, float] = {}
    for turn in range(ROUNDS + 1):
        for count in counts(most):
            torch.set_num_threads(count)
            begin = perf_counter()
            compute()
            taken = perf_counter() - begin
            best[count] = taken if turn <= 1 else min(best[count], taken)
    return best


def fewest(seconds: Mapping[int, float]) -> int:
    """The least number of threads that is as fast as the fastest, within :data:`MARGIN`."""
    least = min(seconds.values())
    return min(count for count, taken in seconds.items() if taken <= least * (1 + MARGIN))


def trial_pass(runner: Runner) -> Callable[[], None]:
    """A forward and a backward pass of a whole batch, which leaves no trace.

    Args:
        runner: A runner of a search or a training, whose loops are built.
    """
    model, loader = unwrapped(runner.model), runner.train_loop.dataloader
    model.train()
    size = loader.batch_size or loader.batch_sampler.batch_size
    with kept_generators(torch.empty(0)):
        batch = loader.collate_fn([loader.dataset[i % len(loader.dataset)] for i in range(size)])
    if hasattr(model, 'probe_loss'):
        return search_pass(model, model.data_preprocessor(batch, training=True)['inputs'])

    def compute() -> None:
        with kept_generators(torch.empty(0)), kept_buffers(model):
            with runner.optim_wrapper.optim_context(runner.model):
                losses = model(**model.data_preprocessor(batch, True), mode='loss')
            _pull(model.parse_losses(losses)[0], [w for w in model.parameters() if w.requires_grad])

    return compute


def search_pass(searcher: Any, images_NCHW: Tensor) -> Callable[[], None]:
    """A forward and a backward pass of a searcher over images, whatever they show."""
    labels_N = images_NCHW.new_zeros(len(images_NCHW), dtype=torch.long)
    return lambda: _pull(*searcher.probe_loss(Batch(images_NCHW, labels_N)))


def _pull(loss: Tensor, weights: list[Tensor]) -> None:
    torch.autograd.grad(loss, weights, allow_unused=True)

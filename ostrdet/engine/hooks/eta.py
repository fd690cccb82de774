"""How long a search will take, from passes over a few images that leave no trace."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor

from ostrdet.engine.loops.bilevel_train import PORTIONS
from ostrdet.engine.threads import search_pass
from ostrdet.models.searchers.mix import kept_generators
from ostrdet.models.unwrap import searcher_of
from ostrdet.registry import MODELS

PROBE_SIZES = (2, 8)


def probe_seconds(runner: Runner) -> float:
    """Seconds that an iteration will take, in the mean over the epochs."""
    searcher, loader = searcher_of(runner), runner.train_loop.dataloader
    one_pass = _seconds_of_passes(searcher, _image(runner), loader.batch_size)
    return one_pass * _passes(searcher, runner.cfg.train_cfg)


def later_seconds(runner: Runner, stages: Iterable[Config]) -> float:
    """Seconds that the stages after a run will take, on its images, if none of them stops early.

    Their networks are built one by one and thrown away; no generator of random numbers moves.

    Args:
        runner: The runner of the present stage.
        stages: Configs of those that follow.
    """
    with kept_generators(next(searcher_of(runner).parameters())):
        image = _image(runner)
        return sum(_seconds_of_stage(runner, cfg, image) for cfg in stages)


def _seconds_of_stage(runner: Runner, cfg: Config, image: Tensor) -> float:
    searcher = MODELS.build(cfg.model).to(image.device)
    batch, now = cfg.train_dataloader.batch_size, runner.train_loop.dataloader
    portions = [_portion(train) for train in (cfg.train_cfg, runner.cfg.train_cfg)]
    images = len(now) * now.batch_size * portions[0] / portions[1]
    one_pass = _seconds_of_passes(searcher, image, batch)
    iterations = images / batch * cfg.train_cfg.max_epochs
    return float(one_pass * _passes(searcher, cfg.train_cfg) * iterations)


def _portion(train_cfg: Mapping[str, Any]) -> float:
    """The part of the training set that the weights learn from."""
    return float(train_cfg.get('portions', PORTIONS)[0])


def _passes(searcher: Any, train_cfg: Mapping[str, Any]) -> float:
    """Passes of an iteration: one for the weights, and those of alpha while it moves."""
    if len(train_cfg.get('portions', PORTIONS)) == 1:
        return 1.0
    moving = 1 - train_cfg.get('arch_start_epoch', 0) / train_cfg['max_epochs']
    passes = searcher.arch_update.num_passes / train_cfg.get('arch_interval', 1)
    return float(1 + passes * max(moving, 0.0))


def _image(runner: Runner) -> Tensor:
    """One image as the searcher takes it. Shape (1, C, H, W)."""
    loader = runner.train_loop.dataloader
    data = loader.collate_fn([loader.dataset[0]])
    image: Tensor = searcher_of(runner).data_preprocessor(data, training=True)['inputs']
    return image


def _seconds_of_passes(searcher: Any, image_1CHW: Tensor, batch_size: int) -> float:
    """Seconds of a pass over a batch.

    A pass over n images takes a + b n; two sizes tell a and b.
    """
    few, more = PROBE_SIZES
    searcher.train()
    _seconds_of_pass(searcher, image_1CHW, few)  # warms up
    short = _seconds_of_pass(searcher, image_1CHW, few)
    per_image = (_seconds_of_pass(searcher, image_1CHW, more) - short) / (more - few)
    return short + max(per_image, 0.0) * (batch_size - few)


def _seconds_of_pass(searcher: Any, image_1CHW: Tensor, size: int) -> float:
    compute = search_pass(searcher, image_1CHW.repeat(size, 1, 1, 1))
    start = time.perf_counter()
    compute()
    if image_1CHW.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start

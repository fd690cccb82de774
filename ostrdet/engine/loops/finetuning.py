"""Further epochs of a search on a copy of its searcher, beside the run."""

from copy import deepcopy
from typing import Any

import torch
from mmengine.runner import Runner

from ostrdet.datasets.seeding import hash_seed, seed_generators
from ostrdet.engine.loops.seeded_data import DRAWS, ITERATION, first_batches
from ostrdet.engine.optimizers import BilevelOptimWrapperConstructor
from ostrdet.models.searchers.mix import in_mode, kept_generators
from ostrdet.models.unwrap import searcher_of

#: Rate of the weights as a part of that at the start of the search (DARTS-PT).
RATE = 0.1


class FineTuning:
    """Trains a searcher as the search does, with optimizers of its own.

    It goes on from call to call: epochs, orders of the data and draws are those after the last epoch of
    the search. The rate of the weights is constant. Generators of the process stay as they are.

    Args:
        runner: The run of the search; its own model and optimizers are not touched.
    """

    def __init__(self, runner: Runner) -> None:
        self.runner, self.loop = runner, runner.train_loop
        self.seed, self.epoch = runner.seed, runner.max_epochs
        self.cfg = deepcopy(runner.cfg.optim_wrapper.to_dict())
        self.cfg.pop('constructor', None)
        self.cfg['weights']['optimizer']['lr'] *= RATE
        self._wrappers: Any = None

    def weight_batches(self, number: int) -> list[Any]:
        """The first minibatches of the half that trains the weights, or all if there are fewer."""
        loader = self.loop.dataloader
        data = first_batches(loader, min(number, len(loader)))
        return [searcher_of(self.runner).prepare(one) for one in data]

    def __call__(self, searcher: Any, epochs: int) -> int:
        """Train ``searcher``, always the same one, for so many epochs; returns the steps taken."""
        if self._wrappers is None:
            self._wrappers = BilevelOptimWrapperConstructor(self.cfg)(searcher)
        steps = 0
        like = next(searcher.parameters())
        with kept_generators(like), in_mode(searcher, training=True), torch.enable_grad():
            for _ in range(epochs):
                for index, data in enumerate(self.loop.pairs(epoch=self.epoch)):
                    iteration = self.epoch * len(self.loop.dataloader) + index
                    seed_generators(self.seed, ITERATION, iteration)
                    searcher.draw_seed = hash_seed(self.seed, DRAWS, iteration)
                    searcher.train_step(data, self._wrappers)
                    steps += 1
                self.epoch += 1
        return steps

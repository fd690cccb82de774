"""Stops a run before a non-finite number reaches a checkpoint."""

from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.engine.searcher_of import searcher_of
from ostrdet.registry import HOOKS


class NonFiniteError(FloatingPointError):
    """A loss or a parameter is NaN or infinite."""


@HOOKS.register_module()
class FiniteHook(Hook):
    """Checks the losses and alpha after every iteration, and every tensor before it is saved.

    Raises:
        NonFiniteError: With the iteration, the tensor and the last good checkpoint.
    """

    priority = 'VERY_HIGH'

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Check what the iteration put out, and the architecture parameters."""
        searcher = searcher_of(runner)
        alphas = {f'alphas.{name}': alpha for name, alpha in searcher.alphas.items()}
        _check({**(outputs or {}), **alphas}, runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Check the model that is about to be saved."""
        _check(checkpoint['state_dict'], runner)


def _check(tensors: dict[str, Any], runner: Runner) -> None:
    for name, value in tensors.items():
        if not torch.as_tensor(value).isfinite().all():
            raise NonFiniteError(
                f"'{name}' is not finite at iteration {runner.iter + 1} (epoch {runner.epoch + 1}); "
                f'{_last_good(runner)}. Lower optim_wrapper.weights.optimizer.lr, or set '
                'optim_wrapper.weights.clip_grad, then go on with --resume'
            )


def _last_good(runner: Runner) -> str:
    pointer = Path(runner.work_dir) / 'last_checkpoint'
    if not pointer.is_file():
        return 'no checkpoint was written yet'
    return f"the last good checkpoint is '{pointer.read_text().strip()}'"

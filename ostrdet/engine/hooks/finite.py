"""Stops a run before a non-finite number reaches a checkpoint."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner

from ostrdet.engine.checkpoint import latest_checkpoint
from ostrdet.engine.unwrap import unwrapped
from ostrdet.registry import HOOKS


class NonFiniteError(FloatingPointError):
    """A loss or a parameter is NaN or infinite."""


@HOOKS.register_module()
class FiniteHook(Hook):
    """Checks the losses (and alpha) after every iteration, and every tensor before it is saved.

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
        """Check what the iteration put out, and the architecture parameters of a search."""
        found = getattr(unwrapped(runner.model), 'alphas', {})
        alphas = {f'alphas.{name}': alpha for name, alpha in found.items()}
        _check({**(outputs or {}), **alphas}, runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Check the model that is about to be saved."""
        _check(checkpoint['state_dict'], runner)


def _check(tensors: dict[str, Any], runner: Runner) -> None:
    for name, value in tensors.items():
        if not torch.as_tensor(value).isfinite().all():
            raise NonFiniteError(
                f"'{name}' is not finite at iteration {runner.iter + 1} (epoch {runner.epoch + 1}); "
                f'{_mend(runner)} a lower {_optimizer_key(runner)}.optimizer.lr'
            )


def _mend(runner: Runner) -> str:
    found = latest_checkpoint(runner.work_dir)
    if found is None:
        return 'no checkpoint was written yet. Start anew with'
    # A resumed optimizer has the learning rate of the checkpoint, whatever the config says
    return (
        f"the last good checkpoint is '{found}'. Go on from it with --resume and a smaller "
        f'{_optimizer_key(runner)}.clip_grad.max_norm, or start anew with'
    )


def _optimizer_key(runner: Runner) -> str:
    several = isinstance(runner.optim_wrapper, OptimWrapperDict)
    return 'optim_wrapper.weights' if several else 'optim_wrapper'

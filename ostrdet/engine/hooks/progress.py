"""One hook for whatever changes with the epoch."""

from collections.abc import Iterator
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from ostrdet.models.unwrap import unwrapped
from ostrdet.registry import HOOKS
from ostrdet.structures.progress import Scheduled


@HOOKS.register_module()
class ProgressHook(Hook):
    """Tells every part of the model that has ``set_progress`` where the run stands.

    Such are the drop path of derived networks, regularisers and perturbations. What they do depends
    on the epoch alone, so a resumed run goes on with the same numbers.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Call ``set_progress(epoch, max_epochs)``, the epoch counted from 0."""
        set_progress(unwrapped(runner.model), runner.epoch, runner.max_epochs)


def progress_of(model: nn.Module) -> dict[str, float]:
    """The present values of all numbers that follow the epoch, by type and name."""
    return {
        f'{type(module).__name__}.{name}': value
        for module in model.modules()
        if isinstance(module, Scheduled)
        for name, value in module.progress.items()
    }


def set_progress(model: nn.Module, epoch: int, max_epochs: int) -> None:
    """Call ``set_progress`` of every part of ``model`` that has it; the epoch is counted from 0."""
    parts: Iterator[Any] = model.modules()
    for module in parts:
        if hasattr(module, 'set_progress'):
            module.set_progress(epoch, max_epochs)

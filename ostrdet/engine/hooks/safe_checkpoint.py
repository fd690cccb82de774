"""Checkpoints of which the last two are always there."""

from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ostrdet.engine.checkpoint import AtomicBackend, checkpoints
from ostrdet.registry import HOOKS

LEAST = 2


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """``CheckpointHook`` that removes old checkpoints only after the new one is safe.

    No file points at the newest one: it is found by looking at the checkpoints themselves.

    Args:
        interval: As in mmengine.
        max_keep_ckpts: Checkpoints that are kept, at least 2, or -1 for all.
        kwargs: As in mmengine.

    Raises:
        ValueError: If fewer than two are to be kept.
    """

    def __init__(self, interval: int = 1, max_keep_ckpts: int = LEAST, **kwargs: Any) -> None:
        if max_keep_ckpts != -1 and max_keep_ckpts < LEAST:
            raise ValueError(
                f'default_hooks.checkpoint.max_keep_ckpts={max_keep_ckpts}, expected at least {LEAST}, '
                'since a checkpoint can be damaged, or -1 for all'
            )
        super().__init__(interval=interval, max_keep_ckpts=max_keep_ckpts, **kwargs)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, int]) -> None:
        self.last_ckpt = str(Path(self.out_dir) / self.filename_tmpl.format(step))
        runner.save_checkpoint(
            self.out_dir,
            Path(self.last_ckpt).name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            **self.args,
        )
        if is_main_process() and self.max_keep_ckpts > 0:
            for old in checkpoints(self.out_dir)[self.max_keep_ckpts :]:
                AtomicBackend().remove(old)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        # mmengine would also save the last one again, here before the epoch has come to its end
        last: str = self.last_ckpt
        self.last_ckpt = None  # type: ignore[assignment] # mmengine starts with it
        super()._save_best_checkpoint(runner, metrics)
        self.last_ckpt = last

"""Checkpoints of which the last two are always there."""

from inspect import signature
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ostrdet.engine.checkpoint import AtomicBackend, checkpoints, name_within_epoch, position
from ostrdet.engine.checkpoint.atomic_files import sum_of
from ostrdet.errors import InvalidTypeError, InvalidValueError
from ostrdet.registry import HOOKS, nearest

LEAST = 2
#: What the name of a checkpoint gets when a run goes on from an older one.
OLD = '.old'


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """``CheckpointHook`` that removes old checkpoints only after the new one is safe.

    No file points at the newest one: it is found by looking at the checkpoints themselves, whose
    names say how far the run was: ``epoch_N.pth`` after N epochs, ``epoch_N_iter_M.pth`` after M
    iterations more. An epoch that is validated is saved before, too.

    Args:
        interval: Epochs between checkpoints, or iterations; -1 for none.
        max_keep_ckpts: Checkpoints that are kept, at least 2, or -1 for all.
        by_epoch: Whether ``interval`` counts epochs. The last epoch is always saved at its end.
        kwargs: As in mmengine.

    Raises:
        InvalidTypeError: If neither mmengine's hook nor its ``save_checkpoint`` has an argument.
        InvalidValueError: If fewer than two are to be kept.
    """

    role = 'checkpoint'

    def __init__(
        self,
        interval: int = 1,
        max_keep_ckpts: int = LEAST,
        by_epoch: bool = True,
        **kwargs: Any,
    ) -> None:
        if max_keep_ckpts != -1 and max_keep_ckpts < LEAST:
            raise InvalidValueError(
                f'default_hooks.checkpoint.max_keep_ckpts={max_keep_ckpts}, expected at least {LEAST}, '
                'since a checkpoint can be damaged, or -1 for all'
            )
        strange = {*kwargs} - {
            *signature(CheckpointHook).parameters,
            *signature(Runner.save_checkpoint).parameters,
        }
        if strange:
            known = {
                *signature(SafeCheckpointHook).parameters,
                *signature(CheckpointHook).parameters,
            }
            key = min(strange)
            raise InvalidTypeError(
                f"default_hooks.checkpoint.{key}: SafeCheckpointHook has no argument '{key}'. "
                f'{nearest(key, known - {"kwargs"})}'
            )
        super().__init__(
            interval=interval, max_keep_ckpts=max_keep_ckpts, by_epoch=by_epoch, **kwargs
        )

    def before_train(self, runner: Runner) -> None:
        """Set aside what an abandoned continuation left: it would count as the newest."""
        super().before_train(runner)
        if not is_main_process():
            return
        here = (runner.epoch, runner.iter - runner.epoch * len(runner.train_loop.dataloader))
        for path in checkpoints(self.out_dir):
            if (position(path) or here) > here:
                sum_of(path).unlink(missing_ok=True)
                path.replace(path.with_name(path.name + OLD))
                runner.logger.warning(f"'{path}' is of the run before: renamed to *{OLD}")

    def before_validation(self, runner: Runner) -> None:
        """Save an epoch that is about to be validated, so that no error there can lose it."""
        due = self.every_n_epochs(runner, self.interval, self.save_begin) or (
            self.save_last and self.is_last_train_epoch(runner)
        )
        if due if self.by_epoch else self.interval > 0:
            self._save(runner, self._before_validation(runner), runner.epoch, runner.iter)

    def after_train_epoch(self, runner: Runner) -> None:
        """Save, if it is time."""
        super().after_train_epoch(runner)
        if not self.by_epoch and self.save_last and self.is_last_train_epoch(runner):
            name = f'epoch_{runner.epoch + 1}.pth'
            self._save(runner, name, runner.epoch + 1, runner.iter)

    def _before_validation(self, runner: Runner) -> str:
        return name_within_epoch(runner.epoch, len(runner.train_loop.dataloader))

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, int]) -> None:
        name = self.filename_tmpl.format(step)
        if not self.by_epoch:
            within = step - meta['epoch'] * len(runner.train_loop.dataloader)
            name = name_within_epoch(meta['epoch'], within)
        self._save(runner, name, meta['epoch'], meta['iter'])

    def _save(self, runner: Runner, name: str, epoch: int, iteration: int) -> None:
        """Save under a name, with what is done by then; then remove the old ones."""
        self.last_ckpt = str(Path(self.out_dir) / name)
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta={'epoch': epoch, 'iter': iteration},
            by_epoch=self.by_epoch,
            **self.args,
        )
        if is_main_process():
            before = Path(self.out_dir) / self._before_validation(runner)
            if self.by_epoch and name != before.name and before.is_file():
                AtomicBackend().remove(before)  # the epoch is over
            if self.max_keep_ckpts > 0:
                for old in checkpoints(self.out_dir)[self.max_keep_ckpts :]:
                    AtomicBackend().remove(old)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        # mmengine would also save the last one again, here before the epoch has come to its end
        last: str = self.last_ckpt
        self.last_ckpt = None  # type: ignore[assignment] # mmengine starts with it
        super()._save_best_checkpoint(runner, metrics)
        self.last_ckpt = last

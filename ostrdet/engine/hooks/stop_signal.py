"""SIGTERM, SIGINT and SIGHUP end a run at the next iteration, with a checkpoint to go on from."""

import os
import signal
import sys
import threading
from functools import partial
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, is_distributed, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.datasets.loader import SIGNALS
from ostrdet.datasets.loader_watch import hurry
from ostrdet.engine.checkpoint import name_within_epoch
from ostrdet.registry import HOOKS

#: What a shell reports of a program that a signal ended.
BASE_STATUS = 128


@HOOKS.register_module()
class StopSignalHook(Hook):
    """Saves after the iteration in which a signal came, and exits with 128 + its number.

    A signal during validation waits until that has ended; a second one ends the program at once. In
    distributed training all processes stop after the same iteration. Where no batch comes for that
    iteration, it saves without it. What is ignored, as by ``nohup``, stays so.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.received = 0
        self._validates = False
        self._before: dict[int, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Listen, where Python lets us: in the main thread."""
        if threading.current_thread() is threading.main_thread():
            note = partial(self._note, runner)
            self._before = {
                number: signal.signal(number, note)
                for number in SIGNALS
                if signal.getsignal(number) is not signal.SIG_IGN
            }

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Stop, if a signal came.

        Raises:
            SystemExit: With 128 + the number of the signal.
        """
        if received := self._of_all_processes():
            _save_and_exit(runner, received, runner.epoch, batch_idx + 1, runner.iter + 1)

    def before_val_epoch(self, runner: Runner) -> None:
        """The runner counts the epoch as done before it validates."""
        self._validates = True

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """The epoch goes on with the hooks of its end."""
        self._validates = False

    def after_run(self, runner: Runner) -> None:
        """Listen no more, after an error too."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        hurry(None)

    def _note(self, runner: Runner, number: int, frame: Any) -> None:
        if self.received:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.received = number
        hurry(partial(self._stop_waiting, runner))

    def _stop_waiting(self, runner: Runner) -> None:
        """Between two iterations, of which the next will not come."""
        epoch = runner.epoch - self._validates
        done = runner.iter - epoch * len(runner.train_loop.dataloader)
        if done == 0 or is_distributed():  # the others wait elsewhere, and can't save with this one
            raise SystemExit(BASE_STATUS + self.received)
        _save_and_exit(runner, self.received, epoch, done, runner.iter)

    def _of_all_processes(self) -> int:
        if not is_distributed():
            return self.received
        highest = torch.tensor(self.received, device=get_device())
        all_reduce(highest, op='max')
        return int(highest)


def _save_and_exit(runner: Runner, received: int, epoch: int, within: int, iterations: int) -> None:
    """Save after ``iterations`` in all, ``within`` of them in ``epoch``, and leave."""
    name = name_within_epoch(epoch, within)
    meta = {'epoch': epoch, 'iter': iterations}
    runner.save_checkpoint(runner.work_dir, name, meta=meta, by_epoch=False)
    if is_main_process():
        said = f'{signal.Signals(received).name} after iteration {iterations}'
        print(f"stopped by {said}; continue with --resume from '{name}'", file=sys.stderr)
    raise SystemExit(BASE_STATUS + received)

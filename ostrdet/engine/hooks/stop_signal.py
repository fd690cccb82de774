"""SIGTERM and SIGINT end a run at the next iteration, with a checkpoint to go on from."""

import os
import signal
import sys
import threading
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, is_distributed, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.engine.checkpoint import name_within_epoch
from ostrdet.registry import HOOKS

SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: What a shell reports of a program that a signal ended.
BASE_STATUS = 128


@HOOKS.register_module()
class StopSignalHook(Hook):
    """Saves after the iteration in which a signal came, and exits with 128 + its number.

    A signal during validation waits until that has ended; a second one ends the program at once. In
    distributed training all processes stop after the same iteration.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.received = 0
        self._before: dict[int, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Listen, where Python lets us: in the main thread."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}

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
        received = self._of_all_processes()
        if not received:
            return
        name = name_within_epoch(runner.epoch, batch_idx + 1)
        meta = {'epoch': runner.epoch, 'iter': runner.iter + 1}
        runner.save_checkpoint(runner.work_dir, name, meta=meta, by_epoch=False)
        if is_main_process():
            said = f'{signal.Signals(received).name} after iteration {runner.iter + 1}'
            print(f"stopped by {said}; go on with --resume from '{name}'", file=sys.stderr)
        raise SystemExit(BASE_STATUS + received)

    def after_run(self, runner: Runner) -> None:
        """Listen no more, after an error too."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: Any) -> None:
        if self.received:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.received = number

    def _of_all_processes(self) -> int:
        if not is_distributed():
            return self.received
        highest = torch.tensor(self.received, device=get_device())
        all_reduce(highest, op='max')
        return int(highest)

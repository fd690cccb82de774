"""The number of torch's threads: given, measured, or that of the run that goes on."""

import sys
from typing import Any

import torch
from mmengine.dist import is_distributed, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.engine.threads import fewest, seconds_by_threads, trial_pass
from ostrdet.errors import InvalidValueError
from ostrdet.registry import HOOKS

AUTO = 'auto'


@HOOKS.register_module()
class ThreadsHook(Hook):
    """Computes with ``env_cfg.threads`` threads; 'auto' measures which number is the fastest.

    Without the key torch has as many as its environment says, and nothing is kept. Otherwise the
    number stands in the checkpoint, and a run that goes on keeps it: sums of other threads differ in
    their last bits. No more threads are tried than torch has at the start, which ``OMP_NUM_THREADS``
    says, so runs of a study share the cores as before.

    Raises:
        InvalidValueError: If 'auto' is asked of several processes, which would disturb each other.
    """

    priority = 'HIGHEST'  # whoever says how many threads there are, speaks later

    def __init__(self) -> None:
        self._before = torch.get_num_threads()
        self._saved: int | None = None
        self._count: int | None = None

    def before_train(self, runner: Runner) -> None:
        """Choose, and say what was measured."""
        self._before = torch.get_num_threads()
        wanted = (runner.cfg.get('env_cfg') or {}).get('threads')
        if self._saved is not None and wanted in (None, AUTO):
            self._count = self._saved
        else:
            self._count = _measured(runner) if wanted == AUTO else wanted
        if self._count is None:
            return
        torch.set_num_threads(self._count)
        if self._saved not in (None, self._count) and is_main_process():
            said = f'threads were {self._saved}, are {self._count}: the last bits will differ'
            print(f'--resume: {said}', file=sys.stderr)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the number, where one was chosen."""
        if self._count is not None:
            checkpoint['threads'] = self._count

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Take it back, if the run goes on."""
        if runner._resume:
            self._saved = checkpoint.get('threads')

    def after_run(self, runner: Runner) -> None:
        """Leave the process as it was, also after an error."""
        torch.set_num_threads(self._before)


def _measured(runner: Runner) -> int:
    if is_distributed():
        raise InvalidValueError(
            "env_cfg.threads='auto' measures one process alone, here are "
            f'{runner.world_size}; give --threads N'
        )
    if next(runner.model.parameters()).is_cuda:
        return torch.get_num_threads()
    seconds = seconds_by_threads(trial_pass(runner), torch.get_num_threads())
    count = fewest(seconds)
    tried = ', '.join(f'{n}: {taken:.3g} s' for n, taken in seconds.items())
    print(f'threads    {count}, by the time of a pass ({tried})')
    return count

"""What a run says on the console: plan, progress with ETA, result."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ostrdet.output import plain_console

QUIET_SECONDS = 30.0


class ConsoleHook(Hook):
    """A progress bar on a terminal, plain lines elsewhere; the log file has the details."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.console = plain_console(soft_wrap=True)
        self.progress: Progress | None = None
        self._started = self._spoken = 0.0
        self._first_iter = 0
        #: What follows this run, as so many of its iterations.
        self.later_iters = 0.0

    @abstractmethod
    def plan(self, runner: Runner) -> Mapping[str, str]:
        """What will be done, as a text per heading."""

    @abstractmethod
    def standing(self, runner: Runner) -> str:
        """Where the run stands after an epoch."""

    @abstractmethod
    def result(self, runner: Runner) -> str:
        """What came out, and what to do with it."""

    def before_train(self, runner: Runner) -> None:
        """Say what will be done."""
        if not is_main_process():
            return
        if _is_over(runner):
            self.console.print(
                f'nothing left to do: {runner.epoch} epochs are done, '
                f'train_cfg.max_epochs={runner.max_epochs}'
            )
            return
        for heading, text in self.plan(runner).items():
            self.console.print(Text.assemble((f'{heading:<10} ', 'bold'), text))
        self._started = self._spoken = time.monotonic()
        self._first_iter = runner.iter
        if self.console.is_terminal:
            self.progress = _progress_bar(self.console)
            self.progress.start()
            self.progress.add_task('run', total=runner.max_iters, completed=runner.iter)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Move the bar, or say a line now and then."""
        if not is_main_process():
            return
        if self.progress:
            self.progress.update(self.progress.task_ids[0], completed=runner.iter + 1)
        elif time.monotonic() - self._spoken > QUIET_SECONDS:
            values = {
                name: float(torch.as_tensor(v).detach()) for name, v in (outputs or {}).items()
            }
            losses = ', '.join(f'{name} {value:.3f}' for name, value in values.items())
            of = len(runner.train_loop.dataloader)
            self.say(f'epoch {runner.epoch + 1}, iteration {batch_idx + 1}/{of}: {losses}', runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Say where the run stands."""
        if is_main_process():
            text = self.standing(runner)
            self.say(f'epoch {runner.epoch + 1}/{runner.max_epochs}: {text}', runner)

    def after_train(self, runner: Runner) -> None:
        """Show the result."""
        if is_main_process():
            self._close()
            self.console.print(self.result(runner))

    def after_run(self, runner: Runner) -> None:
        """Leave the terminal as it was, after an error too."""
        self._close()

    def say(self, text: str, runner: Runner) -> None:
        """Print ``text`` above the bar, or with the time that is left."""
        self._spoken = time.monotonic()
        if self.progress and not self.later_iters:
            self.progress.console.print(text)
            return
        done = max(runner.iter - self._first_iter, 1)
        eta = self.eta((self._spoken - self._started) / done, runner.max_iters - runner.iter)
        console = self.progress.console if self.progress else self.console
        console.print(f'{text}, ETA {eta}')

    def eta(self, seconds: float, left: int) -> str:
        """The time that is left, and that of all stages where others follow.

        Args:
            seconds: Of an iteration.
            left: Iterations of this run.
        """
        own = duration(seconds * left)
        if not self.later_iters:
            return own
        return f'{own}, of all stages {duration(seconds * (left + self.later_iters))}'

    def _close(self) -> None:
        if self.progress:
            self.progress.stop()
            self.progress = None


def _is_over(runner: Runner) -> bool:
    """Whether a run that goes on has come to its end before."""
    done = runner.epoch >= runner.max_epochs and runner.iter >= runner.max_iters
    return done or bool(runner.train_loop.stop_training)


def _progress_bar(console: Console) -> Progress:
    columns = (TextColumn('iteration'), BarColumn(), MofNCompleteColumn(), TextColumn('ETA'))
    return Progress(*columns, TimeRemainingColumn(), console=console, speed_estimate_period=300)


def mean_of(runner: Runner, name: str) -> str | None:
    """The mean of the training value ``name`` over the last epoch; None if the run has none."""
    key = f'train/{name}'
    if key not in runner.message_hub.log_scalars:
        return None
    iterations = len(runner.train_loop.dataloader)
    return f'{name} {runner.message_hub.get_scalar(key).mean(iterations):.3f}'


def duration(seconds: float) -> str:
    """A time as people say it.

    Examples:
        >>> duration(42.3), duration(200), duration(7300)
        ('42 s', '3 min 20 s', '2 h 1 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f'{rest} s'
    if minutes < 60:
        return f'{minutes} min {rest} s'
    return f'{minutes // 60} h {minutes % 60} min'

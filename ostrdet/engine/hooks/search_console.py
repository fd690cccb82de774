"""What a search says on the console: plan, progress with ETA, result."""

import time
from collections.abc import Mapping
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ostrdet.engine.hooks.search_plan import describe, duration, probe_seconds
from ostrdet.engine.hooks.selector import SelectorHook
from ostrdet.registry import HOOKS

QUIET_SECONDS = 30.0


@HOOKS.register_module()
class SearchConsoleHook(Hook):
    """A progress bar on a terminal, plain lines elsewhere; the log file has the details.

    Args:
        baseline: Criterion whose genotype is shown beside the chosen one at the end.
        next_command: What to run with the genotype; ``{genotype}`` stands for its file.
    """

    priority = 'LOWEST'

    def __init__(
        self,
        baseline: str = 'Magnitude',
        next_command: str = 'python tools/genotype.py show {genotype}',
    ) -> None:
        self.baseline, self.next_command = baseline, next_command
        self.console = Console(highlight=False, soft_wrap=True)
        self.progress: Progress | None = None
        self._started = self._spoken = 0.0
        self._first_iter = 0

    def before_train(self, runner: Runner) -> None:
        """Say what will be done."""
        if not is_main_process():
            return
        loop, selector = runner.train_loop, _selector(runner)
        iterations = loop.max_iters - runner.iter
        plan = describe(runner, selector.criterion, probe_seconds(runner) * iterations)
        for heading, text in plan.items():
            self.console.print(f'[bold]{heading:<10}[/] {text}')
        self._started = self._spoken = time.monotonic()
        self._first_iter = runner.iter
        if self.console.is_terminal:
            self.progress = _progress_bar(self.console)
            self.progress.start()
            self.progress.add_task('search', total=loop.max_iters, completed=runner.iter, said='')

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
            losses = ', '.join(f'{name} {float(v):.3f}' for name, v in (outputs or {}).items())
            of = len(runner.train_loop.dataloader)
            self._say(f'epoch {runner.epoch + 1}, iteration {batch_idx + 1}/{of}: {losses}', runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Say where the search stands."""
        if is_main_process():
            self._say(f'epoch {runner.epoch + 1}/{runner.max_epochs}: {_standing(runner)}', runner)

    def after_train(self, runner: Runner) -> None:
        """Show the genotype of the criterion beside the baseline's, and what to do with it."""
        if not is_main_process():
            return
        self._close()
        selector = _selector(runner)
        if runner.train_loop.stop_training:
            self.console.print(
                f'stopped: the genotype is stable for {selector.stable_epochs} epochs'
            )
        self.console.print(_result(runner, selector, self.baseline))
        if selector.genotype is not None:
            file = f'{runner.work_dir}/genotype.json'
            self.console.print(f'genotype: {file}\nnext: {self.next_command.format(genotype=file)}')

    def after_run(self, runner: Runner) -> None:
        """Leave the terminal as it was, after an error too."""
        self._close()

    def _say(self, text: str, runner: Runner) -> None:
        self._spoken = time.monotonic()
        if self.progress:
            self.progress.console.print(text)
            return
        done = max(runner.iter - self._first_iter, 1)
        left = runner.max_iters - runner.iter
        eta = duration((self._spoken - self._started) / done * left)
        self.console.print(f'{text}, ETA {eta}')

    def _close(self) -> None:
        if self.progress:
            self.progress.stop()
            self.progress = None


def _progress_bar(console: Console) -> Progress:
    columns = (TextColumn('iteration'), BarColumn(), MofNCompleteColumn(), TextColumn('ETA'))
    return Progress(*columns, TimeRemainingColumn(), console=console, speed_estimate_period=300)


def _selector(runner: Runner) -> SelectorHook:
    return next(hook for hook in runner.hooks if isinstance(hook, SelectorHook))


def _standing(runner: Runner) -> str:
    selector = _selector(runner)
    parts = [
        f'{name} {runner.message_hub.get_scalar(f"train/{name}").mean():.3f}'
        for name in ('loss', 'arch_loss')
        if f'train/{name}' in runner.message_hub.log_scalars
    ]
    if selector.val_accuracy is not None:
        parts.append(f'supernet accuracy {selector.val_accuracy:.1f} %')
    parts.append(f'stable for {selector.stable_epochs} epochs')
    accuracies = (selector.accuracies(runner) or {}).get(selector.criterion)
    return ', '.join(parts) + _percent(accuracies)


def _result(runner: Runner, selector: SelectorHook, baseline: str) -> str:
    """A line per criterion: name, genotype, accuracies by the table."""
    accuracies, texts = selector.accuracies(runner) or {}, selector.texts(runner)
    names = dict.fromkeys((selector.criterion, baseline))
    width = max(map(len, names))
    return '\n'.join(
        f'{name:<{width}}  {texts.get(name) or "no genotype yet"}{_percent(accuracies.get(name))}'
        for name in names
    )


def _percent(accuracies: Mapping[str, float] | None) -> str:
    shown = ' / '.join(f'{value:.2f}' for value in (accuracies or {}).values())
    return f'  table {shown} %' if shown else ''

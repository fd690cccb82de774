"""What a search says on the console: plan, progress with ETA, result."""

from collections.abc import Mapping
from pathlib import Path

from mmengine.runner import Runner

from ostrdet.engine.hooks.console import ConsoleHook, mean_of
from ostrdet.engine.hooks.report import CONFIG, ReportHook
from ostrdet.engine.hooks.run_facts import train_command
from ostrdet.engine.hooks.search_plan import describe, probe_seconds
from ostrdet.engine.hooks.selector import SelectorHook
from ostrdet.output import quoted
from ostrdet.registry import HOOKS
from ostrdet.visualization.report import FILE as REPORT


@HOOKS.register_module()
class SearchConsoleHook(ConsoleHook):
    """Says what a search does and finds.

    Args:
        baseline: Criterion whose genotype is shown beside the chosen one at the end.
        next_command: What to run with the genotype, whose file ``{genotype}`` stands for; None trains
            it with the config that the report names.
    """

    def __init__(self, baseline: str = 'Magnitude', next_command: str | None = None) -> None:
        super().__init__()
        self.baseline, self.next_command = baseline, next_command

    def plan(self, runner: Runner) -> Mapping[str, str]:
        """Space, supernet, data, schedule, and an estimate of the time."""
        seconds = probe_seconds(runner) * (runner.max_iters - runner.iter)
        return describe(runner, _selector(runner).criterion, seconds)

    def standing(self, runner: Runner) -> str:
        """Losses, accuracy of the supernet, stability, and accuracies by the table."""
        return _standing(runner)

    def result(self, runner: Runner) -> str:
        """The genotype of the criterion beside the baseline's, and what to do with it."""
        selector = _selector(runner)
        lines = [_result(runner, selector, self.baseline)]
        if runner.train_loop.stop_training:
            stable = selector.stable_epochs
            lines.insert(0, f'stopped: the genotype is stable for {stable} epochs')
        if selector.genotype is not None:
            file = f'{runner.work_dir}/genotype.json'
            lines += [f'genotype: {file}', f'next: {self._following(runner, file)}']
        if (report := Path(runner.work_dir) / REPORT).is_file():
            lines.append(f'report: {report}')
        return '\n'.join(lines)

    def _following(self, runner: Runner, genotype: str) -> str:
        if self.next_command is not None:
            return self.next_command.format(genotype=quoted(genotype))
        reports = [hook for hook in runner.hooks if isinstance(hook, ReportHook)]
        return train_command(runner, reports[0].train_config if reports else CONFIG)


def _selector(runner: Runner) -> SelectorHook:
    return next(hook for hook in runner.hooks if isinstance(hook, SelectorHook))


def _standing(runner: Runner) -> str:
    selector = _selector(runner)
    parts = [text for name in ('loss', 'arch_loss') if (text := mean_of(runner, name))]
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

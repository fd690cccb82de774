"""What a search says on the console: plan, progress with ETA, result."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ostrdet.engine.hooks.console import ConsoleHook, mean_of
from ostrdet.engine.hooks.eta import later_seconds, probe_seconds
from ostrdet.engine.hooks.report import CONFIG, train_command
from ostrdet.engine.hooks.roles import by_role
from ostrdet.engine.hooks.selector import SelectorHook
from ostrdet.models.unwrap import searcher_of
from ostrdet.output import quoted
from ostrdet.records.files import GENOTYPE, REPORT
from ostrdet.registry import HOOKS


def describe(runner: Runner, criterion: str, eta: str) -> dict[str, str]:
    """The plan, as a text per heading.

    Args:
        runner: The runner, after everything was built.
        criterion: The criterion that decides.
        eta: How long the rest of the run will take.
    """
    loop, searcher = runner.train_loop, searcher_of(runner)
    space, supernet = searcher.space, searcher.bare_supernet
    edges = ', '.join(f'{name} {len(spec.edges)} edges' for name, spec in space.cells.items())
    parameters = sum(weight.numel() for weight in supernet.parameters())
    halves = f'{len(loop.weight_indices):,} + {len(loop.arch_indices):,}'
    start = f'epoch {runner.epoch + 1} of {loop.max_epochs}'
    return {
        'space': f'{type(space).__name__}: {edges}, {len(space.ops)} operations',
        'supernet': f'{len(supernet.skeleton.layers)} layers, {parameters:,} parameters',
        'data': f'{halves} images of {type(loop.dataset).__name__} (weights + architecture), '
        f'{len(loop.dataloader)} iterations of {loop.dataloader.batch_size} per epoch',
        'search': f'from {start}, {type(searcher.arch_update).__name__}, '
        f'alpha moves from epoch {loop.arch_start_epoch + 1}, seed {runner.seed}',
        'criterion': criterion,
        'device': f'{next(supernet.parameters()).device}, {torch.get_num_threads()} threads',
        'work dir': str(runner.work_dir),
        'ETA': f'about {eta} (from a probe)',
    }


@HOOKS.register_module()
class SearchConsoleHook(ConsoleHook):
    """Says what a search does and finds.

    Args:
        baseline: Criterion whose genotype is shown beside the chosen one at the end.
        next_command: What to run with the genotype, whose file ``{genotype}`` stands for; None trains
            it with the config that the report names.
    """

    role = 'console'

    def __init__(self, baseline: str = 'Magnitude', next_command: str | None = None) -> None:
        super().__init__()
        self.baseline, self.next_command = baseline, next_command
        #: Configs of the stages that follow this one; who runs them sets it.
        self.following: Sequence[Config] = ()

    def plan(self, runner: Runner) -> Mapping[str, str]:
        """Space, supernet, data, schedule, and an estimate of the time."""
        seconds = probe_seconds(runner)
        if self.following:
            self.later_iters = later_seconds(runner, self.following) / seconds
        left = runner.max_iters - runner.iter
        return describe(runner, _selector(runner).criterion, self.eta(seconds, left))

    def standing(self, runner: Runner) -> str:
        """Losses, accuracy of the supernet, stability, and accuracies by the table."""
        return _standing(runner)

    def result(self, runner: Runner) -> str:
        """The genotype of the criterion beside the baseline's, and what to do with it."""
        selector = _selector(runner)
        lines = [_result(runner, selector, self.baseline)]
        if runner.train_loop.stop_training:
            verdict = selector.stop.verdict()
            lines.insert(0, f'stopped: {verdict.reason}' if verdict else 'stopped')
        if selector.genotype is not None:
            file = f'{runner.work_dir}/{GENOTYPE}'
            lines += [f'genotype: {file}', f'next: {self._following(runner, file)}']
        if (report := Path(runner.work_dir) / REPORT).is_file():
            lines.append(f'report: {report}')
        return '\n'.join(lines)

    def _following(self, runner: Runner, genotype: str) -> str:
        if self.next_command is not None:
            return self.next_command.format(genotype=quoted(genotype))
        report = by_role(runner).get('report')
        return train_command(runner, report.train_config if report else CONFIG)


def _selector(runner: Runner) -> SelectorHook:
    found: SelectorHook = by_role(runner)['selector']
    return found


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

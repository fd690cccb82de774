"""``report.html`` of the work dir, kept up to date, and the facts of the run that it shows."""

import math
import platform
from copy import deepcopy
from pathlib import Path
from time import monotonic

import mmengine
import mmpretrain
import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from ostrdet.engine.hooks.roles import by_role
from ostrdet.engine.hooks.side_show import SideShowHook
from ostrdet.errors import InvalidValueError
from ostrdet.invocation import command
from ostrdet.models.ops.op_kinds import op_kind
from ostrdet.models.unwrap import searcher_of
from ostrdet.records.files import FACTS, GENOTYPE, REPORT
from ostrdet.records.run_facts import RunFacts
from ostrdet.registry import HOOKS
from ostrdet.structures.atomic import write_atomically
from ostrdet.version import __version__

#: Least time between two pages, in seconds: a look at a running search is seldom more frequent.
SECONDS = 30.0
#: Greatest share of the time of a run that drawing takes.
SHARE = 0.05
#: Stands in a command for the config that a search does not name.
CONFIG = 'CONFIG'


def facts_of(runner: Runner, train_config: str) -> RunFacts:
    """The facts of a search; paths are those of the config, and the machine has no name.

    Args:
        runner: The runner, after everything was built.
        train_config: The config that trains what the search finds.
    """
    selector = by_role(runner)['selector']
    space, folder = searcher_of(runner).space, Path(runner.work_dir)
    config = Path(runner.cfg.filename or '').name
    return RunFacts(
        space.to_config(),
        selector.criterion,
        seed=runner.seed,
        max_epochs=runner.max_epochs,
        config=config,
        config_text=_config_text(runner.cfg),
        table=None if selector.table is None else selector.table.path.name,
        op_kinds={op: op_kind(op) for op in space.ops},
        next_command=train_command(runner, train_config),
        resume_command=command('search', folder / config, '--work-dir', folder, '--resume'),
        versions=_versions(),
        machine=_machine(runner),
    )


def train_command(runner: Runner, train_config: str) -> str:
    """The command that trains what a search finds; arguments as in :func:`facts_of`."""
    genotype = Path(runner.work_dir) / GENOTYPE
    return command('train', train_config, '--genotype', genotype, *_data_root(runner))


def _config_text(cfg: Config) -> str:
    """The config without what differs between a run and its continuation."""
    told = deepcopy(cfg)
    for key in ('experiment_name', 'load_from', 'resume'):
        told.pop(key, None)
    if told.get('visualizer'):
        told.visualizer.pop('name', None)
    text: str = told.pretty_text
    return text


def _data_root(runner: Runner) -> list[str]:
    root = runner.cfg.train_dataloader.dataset.get('data_root')
    return ['--data-root', root] if root else []


def _versions() -> dict[str, str]:
    libraries = {'torch': torch, 'mmengine': mmengine, 'mmpretrain': mmpretrain}
    found = {name: str(library.__version__) for name, library in libraries.items()}
    return {'ostrdet': __version__, 'python': platform.python_version(), **found}


def _machine(runner: Runner) -> dict[str, str]:
    device = next(searcher_of(runner).parameters()).device
    name = torch.cuda.get_device_name(device) if device.type == 'cuda' else platform.machine()
    return {
        'device': f'{device.type}, {name}',
        'processes': f'{runner.world_size}, {torch.get_num_threads()} threads each',
        'system': platform.platform(terse=True),
    }


@HOOKS.register_module()
class ReportHook(SideShowHook):
    """Writes ``run.json`` at the start, and ``report.html`` now and then and at the end.

    The page is made from the files of the work dir alone, so ``tools/report.py`` makes the same one
    at any time. Drawing takes seconds, which the search waits for: at most :data:`SHARE` of its time.
    Whatever ends the run, the page then shows all its epochs.

    Args:
        train_config: The config that trains what the search finds, for the command on the page.
        interval: Write the page after so many epochs, and after the last; 0 leaves it to the tool.
        seconds: Least time between two pages, and before the first; 0 draws whenever ``interval``
            says so, however long that takes.

    Raises:
        InvalidValueError: If ``interval`` is no number of epochs, or ``seconds`` none of seconds.
    """

    role = 'report'

    def __init__(
        self, train_config: str = CONFIG, interval: int = 1, seconds: float = SECONDS
    ) -> None:
        super().__init__()
        if not isinstance(interval, int) or interval < 0:
            raise InvalidValueError(
                f'default_hooks.report.interval={interval!r}, expected a number of epochs, or 0'
            )
        if not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
            raise InvalidValueError(
                f'default_hooks.report.seconds={seconds!r}, expected a number of seconds, or 0'
            )
        self.train_config, self.interval, self.seconds = train_config, interval, seconds
        self._is_behind = False
        self._next = 0.0

    def before_train(self, runner: Runner) -> None:
        """Write what is known before the first epoch."""
        self._next = monotonic() + self.seconds
        # Of earlier epochs there may be no page, if their process was killed
        self._is_behind = bool(self.interval and runner.epoch)
        if is_main_process():
            facts = facts_of(runner, self.train_config)
            write_atomically(Path(runner.work_dir) / FACTS, facts.to_json().encode())

    def show(self, runner: Runner) -> None:
        """Write the page anew, if its turn has come."""
        if self.interval == 0:
            return
        self._is_behind = True
        if (runner.epoch + 1) % self.interval == 0 and monotonic() >= self._next:
            self._draw(runner)

    def after_train(self, runner: Runner) -> None:
        """Write the page of all epochs, before the console names it."""
        self._catch_up(runner)

    def after_run(self, runner: Runner) -> None:
        """The same, where an error or a signal has ended the run."""
        self._catch_up(runner)

    def _catch_up(self, runner: Runner) -> None:
        if self._is_behind:
            self._is_behind = False  # also if it fails: the second call would fail alike
            self.attempt(self._draw, runner)

    def _draw(self, runner: Runner) -> None:
        begin = monotonic()
        from ostrdet.visualization.report.report import report_of  # matplotlib, for a page alone

        write_atomically(Path(runner.work_dir) / REPORT, report_of(runner.work_dir).encode())
        now = monotonic()
        self._next = now + (self.seconds and max(self.seconds, (now - begin) / SHARE))
        self._is_behind = False

"""Keeps ``report.html`` of the work dir up to date."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.runner import Runner

from ostrdet.engine.checkpoint.atomic import write_atomically
from ostrdet.engine.hooks.run_facts import facts_of
from ostrdet.engine.hooks.side_show import SideShowHook
from ostrdet.registry import HOOKS
from ostrdet.visualization.report import FILE, report_of
from ostrdet.visualization.run_facts import FILE as FACTS_FILE

#: Stands in a command for the config that a search does not name.
CONFIG = 'CONFIG'


@HOOKS.register_module()
class ReportHook(SideShowHook):
    """Writes ``run.json`` at the start and ``report.html`` after every epoch.

    The page is made from the files of the work dir alone, so ``tools/report.py`` makes the same one
    at any time.

    Args:
        train_config: The config that trains what the search finds, for the command on the page.
        interval: Write the page after so many epochs, and after the last; 0 leaves it to the tool.

    Raises:
        ValueError: If ``interval`` is no number of epochs.
    """

    def __init__(self, train_config: str = CONFIG, interval: int = 1) -> None:
        super().__init__()
        if not isinstance(interval, int) or interval < 0:
            raise ValueError(
                f'default_hooks.report.interval={interval!r}, expected a number of epochs, or 0'
            )
        self.train_config, self.interval = train_config, interval

    def before_train(self, runner: Runner) -> None:
        """Write what is known before the first epoch."""
        if is_main_process():
            facts = facts_of(runner, self.train_config)
            write_atomically(Path(runner.work_dir) / FACTS_FILE, facts.to_json().encode())

    def show(self, runner: Runner) -> None:
        """Write the page anew, if its turn has come."""
        epoch = runner.epoch + 1
        if self.interval == 0 or (epoch % self.interval and epoch != runner.max_epochs):
            return
        write_atomically(Path(runner.work_dir) / FILE, report_of(runner.work_dir).encode())

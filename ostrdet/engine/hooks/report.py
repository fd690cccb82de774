"""Keeps ``report.html`` of the work dir up to date."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.runner import Runner

from ostrdet.engine.checkpoint.atomic import write_atomically
from ostrdet.engine.hooks.side_show import SideShowHook
from ostrdet.engine.run_facts import facts_of
from ostrdet.registry import HOOKS
from ostrdet.visualization.report import FILE, report_of
from ostrdet.visualization.run_facts import FILE as FACTS_FILE


@HOOKS.register_module()
class ReportHook(SideShowHook):
    """Writes ``run.json`` at the start and ``report.html`` after every epoch.

    The page is made from the files of the work dir alone, so ``tools/report.py`` makes the same one
    at any time.

    Args:
        train_config: The config that trains what the search finds, for the command on the page.
    """

    def __init__(self, train_config: str = 'CONFIG') -> None:
        super().__init__()
        self.train_config = train_config

    def before_train(self, runner: Runner) -> None:
        """Write what is known before the first epoch."""
        if is_main_process():
            facts = facts_of(runner, self.train_config)
            write_atomically(Path(runner.work_dir) / FACTS_FILE, facts.to_json().encode())

    def show(self, runner: Runner) -> None:
        """Write the page anew."""
        write_atomically(Path(runner.work_dir) / FILE, report_of(runner.work_dir).encode())

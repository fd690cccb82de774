"""Keeps ``report.html`` of the work dir up to date."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ostrdet.engine.checkpoint.atomic import write_atomically
from ostrdet.engine.run_facts import facts_of
from ostrdet.registry import HOOKS
from ostrdet.visualization.report import FILE, report_of
from ostrdet.visualization.run_facts import FILE as FACTS_FILE


@HOOKS.register_module()
class ReportHook(Hook):
    """Writes ``run.json`` at the start and ``report.html`` after every epoch.

    The page is made from the files of the work dir alone, so ``tools/report.py`` makes the same one
    at any time. A page that can't be written is no reason to stop a search: one warning says why.

    Args:
        train_config: The config that trains what the search finds.
    """

    priority = 'VERY_LOW'  # after the selector has written the epoch

    def __init__(self, train_config: str = 'CONFIG') -> None:
        self.train_config = train_config
        self._has_failed = False

    def before_train(self, runner: Runner) -> None:
        """Write what is known before the first epoch."""
        if is_main_process():
            facts = facts_of(runner, self.train_config)
            write_atomically(Path(runner.work_dir) / FACTS_FILE, facts.to_json().encode())

    def after_train_epoch(self, runner: Runner) -> None:
        """Write the page anew."""
        if not is_main_process():
            return
        try:
            page = report_of(runner.work_dir)
            write_atomically(Path(runner.work_dir) / FILE, page.encode())
        except Exception as error:  # noqa: BLE001 - a search outlives any fault of its picture
            if not self._has_failed:
                runner.logger.warning(f'{FILE} was not written: {error}')
            self._has_failed = True

"""What shows a search and must never end it."""

from abc import abstractmethod
from collections.abc import Callable

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner


class SideShowHook(Hook):
    """Shows every epoch on the main process; whatever goes wrong there is one warning, no more."""

    priority = 'VERY_LOW'  # after the selector has written the epoch

    def __init__(self) -> None:
        self._has_failed = False

    @abstractmethod
    def show(self, runner: Runner) -> None:
        """Show the search up to the epoch that has just ended."""

    def after_train_epoch(self, runner: Runner) -> None:
        """Show it, or say once why not."""
        self.attempt(self.show, runner)

    def attempt(self, act: Callable[[Runner], None], runner: Runner) -> None:
        """Do ``act`` on the main process; the first fault of the run is one warning."""
        if not is_main_process():
            return
        try:
            act(runner)
        except Exception as error:  # noqa: BLE001 - a search outlives any fault of its pictures
            if not self._has_failed:
                runner.logger.warning(f'{type(self).__name__}: {type(error).__name__}: {error}')
            self._has_failed = True

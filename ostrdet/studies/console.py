"""What a study tells: a table of progress on a terminal, else a line per event."""

import time
from collections.abc import Collection, Sequence
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ostrdet.engine.checkpoint import checkpoints
from ostrdet.output import plain_console
from ostrdet.records.stages import searches_of
from ostrdet.studies.plan import DONE, Run, state_of
from ostrdet.studies.pools import CONSOLE, Ending

COLUMNS = (
    TextColumn('{task.description}', markup=False),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn('epochs'),
    TimeElapsedColumn(),
    TextColumn('ETA'),
    TimeRemainingColumn(),
)


class StudyConsole:
    """Tells how a study goes, within a ``with``.

    Args:
        name: Of the study.
        runs: All of its runs.
    """

    def __init__(self, name: str, runs: Sequence[Run]) -> None:
        self._console = plain_console()
        self._progress = Progress(
            *COLUMNS, console=self._console, disable=not self._console.is_terminal
        )
        self._epochs = {run: run.epochs * (state_of(run) == DONE) for run in runs}
        self._num_done = sum(state_of(run) == DONE for run in runs)
        self._begun: dict[Run, float] = {}
        self._tasks: dict[Run, TaskID] = {}
        self._held: set[Run] = set()
        total = sum(run.epochs for run in runs)
        self._all = self._progress.add_task(name, total=total, completed=self._sum())
        self._say(f'{name}: {len(runs)} runs, {self._num_done} of them done already')

    def __enter__(self) -> 'StudyConsole':
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def started(self, run: Run) -> None:
        """An attempt begins."""
        self._begun[run] = time.monotonic()
        self._say(f'start {run.name}')

    def done(self, run: Run, attempts: int) -> None:
        """A run is done."""
        self._num_done += 1
        self._epochs[run] = run.epochs
        seconds = time.monotonic() - self._begun[run]
        count = f'{self._num_done} of {len(self._epochs)}'
        more = f' at attempt {attempts}' if attempts > 1 else ''
        self._say(f'done {run.name} in {seconds:.0f} s{more}, {count}')

    def retried(self, run: Run, ending: Ending, attempts: int, retries: int) -> None:
        """A run failed, and will be tried again."""
        where = f'epoch {_epoch(run)}' if _epoch(run) else 'the start'
        self._say(
            f'failed {run.name}: {ending.message}; retry {attempts} of {retries} from {where}'
        )

    def failed(self, run: Run, ending: Ending, attempts: int) -> None:
        """A run failed for good."""
        log = run.work_dir / CONSOLE
        self._say(f'given up {run.name} after {attempts} attempts: {ending.message}; see {log}')

    def stopping(self, running: int) -> None:
        """A signal came."""
        self._say(f'stopping {running} runs at their next checkpoint; a second signal kills them')

    def stopped(self, run: Run) -> None:
        """A run ended because the study stops."""
        self._say(f'stopped {run.name} at epoch {_epoch(run)}')

    def held(self, run: Run) -> None:
        """The work dir of a run belongs to another process; said once."""
        if run not in self._held:
            self._held.add(run)
            self._say(f'wait {run.name}: another process still writes into {run.work_dir}')

    def look(self, running: Collection[Run]) -> None:
        """Show how far the runs are."""
        if self._progress.disable:
            return
        for run in running:
            if run not in self._tasks:
                self._tasks[run] = self._progress.add_task(f'  {run.name}', total=run.epochs)
            self._epochs[run] = _epoch(run)
            self._progress.update(self._tasks[run], completed=self._epochs[run])
        for run in [run for run in self._tasks if run not in running]:
            self._progress.remove_task(self._tasks.pop(run))
        self._progress.update(self._all, completed=self._sum())

    def _sum(self) -> int:
        return sum(self._epochs.values())

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)


def _epoch(run: Run) -> int:
    """Whole epochs that the newest checkpoint holds, and those of the stages before."""
    newest = [checkpoints(folder)[:1] for folder in searches_of(run.work_dir)]
    return sum(int(path.stem.split('_')[1]) for found in newest for path in found)

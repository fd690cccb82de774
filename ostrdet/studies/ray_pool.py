"""Attempts through Ray: the same processes, on the machines of a cluster or on this one."""

import importlib
import os
import signal
import time
from pathlib import Path
from typing import Any

from ostrdet.errors import MissingPackageError
from ostrdet.studies.file import Parallel
from ostrdet.studies.plan import Run
from ostrdet.studies.pools import Attempt, Ending, num_cores

LOCAL = 'local'
#: Exit status of an attempt whose machine or worker was lost.
LOST = 1
INTERVAL = 0.2  # seconds between two looks at an attempt


def attempt(run: Run, threads: int, folder: str) -> Ending:
    """Run to the end, on whatever machine Ray has chosen; cancelling it is SIGTERM to the run."""
    # Ray cancels by SIGINT, which what was started in the background ignores
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = Attempt(run, threads, folder)
    try:
        while (ending := process.poll()) is None:
            time.sleep(INTERVAL)  # a wait without end would not be interrupted
        return ending
    except KeyboardInterrupt:
        process.stop()
        return process.wait()


class RayPool:
    """Attempts through Ray.

    All machines need the package, and the folder of the study under the same path.

    Args:
        parallel: Cores and memory of an attempt, for Ray's scheduler; without ``workers`` it gets
            all runs at once.
        address: Of a cluster, 'auto', or 'local' for a Ray of our own on this machine.

    Raises:
        MissingPackageError: If Ray is not installed.
        ConnectionError: If there is no cluster at the address.
    """

    def __init__(self, parallel: Parallel, address: str = LOCAL) -> None:
        try:
            self._ray: Any = importlib.import_module('ray')
        except ImportError:
            raise MissingPackageError(
                "--ray needs the package ray: pip install 'ostrdet[ray]', or leave --ray out"
            ) from None
        self._parallel = parallel
        # Without it Ray hides the GPUs from what asks for none, and runs would differ
        os.environ.setdefault('RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO', '0')
        own = {'num_cpus': num_cores()} if address == LOCAL else {}
        self._ray.init(address, include_dashboard=False, log_to_driver=False, **own)
        options: dict[str, int] = {'num_cpus': parallel.threads, 'max_retries': 0}
        if parallel.memory_gib:
            options['memory'] = int(parallel.memory_gib * 2**30)
        self._attempt = self._ray.remote(**options)(attempt)
        self._tasks: dict[Any, Run] = {}

    @property
    def running(self) -> list[Run]:
        """What was started and has not been collected."""
        return [*self._tasks.values()]

    def has_room(self) -> bool:
        """Whether the study allows one more; where it runs, and when, is up to Ray."""
        return self._parallel.workers is None or len(self._tasks) < self._parallel.workers

    def start(self, run: Run) -> None:
        """Hand an attempt to Ray."""
        task = self._attempt.remote(run, self._parallel.threads, str(Path.cwd()))
        self._tasks[task] = run

    def collect(self) -> list[tuple[Run, Ending]]:
        """The attempts that have ended since the last call."""
        if not self._tasks:
            return []
        ended, _ = self._ray.wait([*self._tasks], num_returns=len(self._tasks), timeout=0)
        return [(self._tasks.pop(task), self._ending(task)) for task in ended]

    def stop(self, kill: bool = False) -> None:
        """Ask all attempts to save a checkpoint and end, or end Ray's workers at once."""
        for task in self._tasks:
            self._ray.cancel(task, force=kill)

    def close(self) -> None:
        """Leave the cluster, or end the Ray of our own."""
        self._ray.shutdown()

    def _ending(self, task: Any) -> Ending:
        try:
            ending: Ending = self._ray.get(task)
        except (self._ray.exceptions.RayError, OSError) as error:
            return Ending(LOST, f'lost by Ray: {error!r}'.partition('\n')[0])
        return ending

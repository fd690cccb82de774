"""Workers of a dataloader: what they survive, what ends them, and what is said where none delivers."""

import errno
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from ostrdet.datasets import loader_watch
from ostrdet.datasets.loader import SIGNALS, WatchedLoader, guarded
from ostrdet.datasets.loader_watch import abandon_loaders, hurry, loader_error
from ostrdet.errors import LoaderError

pytestmark = pytest.mark.filterwarnings('ignore:This process .* multi-threaded:DeprecationWarning')


class Numbers(Dataset[torch.Tensor]):
    """The numbers from 0, and what else a test wants of the samples."""

    def __init__(self, size: int = 6) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        return torch.tensor(index)


class Sleeping(Numbers):
    """Its samples never come; ``asleep`` says that a worker has begun to wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = multiprocessing.Event()

    def __getitem__(self, index: int) -> Any:
        self.asleep.set()
        time.sleep(600)


class Signalled(Numbers):
    """Its workers are sent every signal before the first sample."""

    def __getitem__(self, index: int) -> Any:
        for number in SIGNALS:
            os.kill(os.getpid(), number)
        return super().__getitem__(index)


class Unsendable:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self) -> Any:
        raise self.error


class Lost(Numbers):
    """Samples that can't be sent, as where the system has no room for them."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def __getitem__(self, index: int) -> Any:
        return Unsendable(self.error)


def loader_of(dataset: Any, workers: int = 2) -> DataLoader:
    return guarded(DataLoader(dataset, 2, num_workers=workers, collate_fn=list))


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Any:
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before


def test_the_main_process_keeps_its_signals() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    handlers = [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)]
    assert [int(value) for batch in loader_of(Numbers()) for value in batch] == [0, 1, 2, 3, 4, 5]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)] == handlers
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_without_workers_it_stays_as_it_is() -> None:
    assert type(loader_of(Numbers(), workers=0)) is DataLoader
    assert type(guarded(loader_of(Numbers()))) is WatchedLoader


def test_workers_survive_the_signals_of_a_group() -> None:
    assert [int(value) for batch in loader_of(Signalled()) for value in batch] == [0, 1, 2, 3, 4, 5]


def test_the_worker_function_of_the_config_is_called() -> None:
    called = multiprocessing.Value('i', 0)

    def start(worker: int) -> None:
        with called.get_lock():
            called.value += 10**worker

    list(guarded(DataLoader(Numbers(), 2, num_workers=2, worker_init_fn=start)))
    assert called.value == 11


def test_the_main_process_ends_a_worker_that_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL', 0.1)
    data = Sleeping()
    batches: Any = iter(loader_of(data, workers=1))
    assert data.asleep.wait(60)
    (worker,) = batches.batches._workers
    batches.batches._shutdown_workers()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    ('error', 'mend'),
    [
        (OSError(errno.EMFILE, 'Too many open files'), 'ulimit -n'),
        (RuntimeError('unable to write to file </torch_1>: No space left'), '--shm-size'),
    ],
)
def test_a_batch_that_is_lost_ends_the_wait(error: Exception, mend: str) -> None:
    """Torch raises its error in the midst of whatever the main process does, or of the wait."""
    with pytest.raises((LoaderError, RuntimeError)) as caught:
        list(loader_of(Lost(error)))
    found = loader_error(caught.value) or caught.value
    assert isinstance(found, LoaderError)
    assert found.exit_status == 4
    assert mend in str(found)
    assert 'num_workers=0' in str(found)


def test_a_batch_that_no_system_could_send_is_a_defect(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match='exited unexpectedly') as caught:
        list(loader_of(Lost(TypeError('no pickle'))))
    assert loader_error(caught.value) is None
    assert 'TypeError: no pickle' in capfd.readouterr().err


def test_sleeping_workers_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_watch, 'LOOK', 0.05)
    monkeypatch.setattr(loader_watch, 'IDLE', 0.2)
    with pytest.raises(LoaderError, match=r'no worker of the dataloader does anything.*--shm-size'):
        next(iter(loader_of(Sleeping())))


def test_a_lock_that_a_killed_worker_holds_is_not_waited_for() -> None:
    batches: Any = iter(loader_of(Sleeping()))
    batches.batches._workers_done_event._cond.acquire()  # as if it had died just there
    abandon_loaders()
    assert not any(worker.is_alive() for worker in batches.batches._workers)
    del batches


def test_a_stop_does_not_wait_for_a_batch_that_does_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loader_watch, 'LOOK', 0.05)
    monkeypatch.setattr(loader_watch, 'HURRY', 0.2)

    def stop() -> None:
        raise SystemExit(143)

    hurry(stop)
    with pytest.raises(SystemExit) as caught:
        next(iter(loader_of(Sleeping())))
    assert caught.value.code == 143


@pytest.mark.parametrize(
    ('text', 'mend'),
    [
        ('DataLoader worker (pid 7) is killed by signal: Bus error. It is possible', '--shm-size'),
        ('DataLoader worker (pid 7) is killed by signal: Killed. ', 'memory lacks'),
        ('DataLoader worker (pid 7) exited unexpectedly with exit code 40. Details', '--shm-size'),
        ('DataLoader worker (pid(s) 7, 8) exited unexpectedly with exit code 41.', 'ulimit -n'),
        ('unable to open shared memory object </torch_1>: Too many open files (24)', 'ulimit -n'),
    ],
)
def test_errors_of_torch_are_said_with_their_mend(text: str, mend: str) -> None:
    assert mend in str(loader_error(RuntimeError(text)))


@pytest.mark.parametrize(
    'text', ['mat1 and mat2', 'DataLoader worker (pid 7) exited unexpectedly with exit code 1. ']
)
def test_other_errors_stay_what_they_are(text: str) -> None:
    assert loader_error(RuntimeError(text)) is None


def _run_to_be_killed(pids: Any) -> None:
    batches: Any = iter(loader_of(Numbers(2000)))
    next(batches)
    pids.send([worker.pid for worker in batches.batches._workers])
    time.sleep(600)


def test_a_killed_main_process_leaves_no_orphan() -> None:
    here, there = multiprocessing.Pipe()
    main = multiprocessing.get_context('fork').Process(target=_run_to_be_killed, args=(there,))
    main.start()
    workers = here.recv()
    main.kill()
    main.join()
    for _ in range(600):
        if not any(_is_alive(pid) for pid in workers):
            break
        time.sleep(0.05)
    assert [pid for pid in workers if _is_alive(pid)] == []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text('utf-8').rpartition(') ')[2][0] not in 'ZX'
    except FileNotFoundError:
        return False

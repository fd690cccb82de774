"""A work dir belongs to one run at a time."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ostrdet.engine.checkpoint import WorkDirInUseError, work_dir_lock

Ready = Callable[[], None]


def child(folder: Path, then: Callable[[Ready], None]) -> int:
    """A process that holds the lock of ``folder``; its number, once it does."""
    read, write = os.pipe()
    number = os.fork()
    if number == 0:
        with work_dir_lock(folder):
            then(lambda: os.write(write, b'.') and None)
        os._exit(0)
    os.read(read, 1)
    return number


def wait(ready: Ready) -> None:
    ready()
    time.sleep(60)


def leave_a_worker(ready: Ready) -> None:
    """A worker of the process is still there when the process is not."""
    if os.fork() == 0:
        time.sleep(3)
        os._exit(0)
    wait(ready)


def test_one_process_holds_it_once(tmp_path: Path) -> None:
    with (
        work_dir_lock(tmp_path / 'new'),
        pytest.raises(WorkDirInUseError, match='is in use by this process: wait for it'),
        work_dir_lock(tmp_path / 'new'),
    ):
        pytest.fail('held twice')
    with work_dir_lock(tmp_path / 'new'), work_dir_lock(tmp_path / 'other'):
        pass


@pytest.mark.parametrize('then', [wait, leave_a_worker])
def test_another_process_is_refused_until_the_first_is_gone(
    tmp_path: Path, then: Callable[[Ready], None]
) -> None:
    holder = child(tmp_path, then)
    with (
        pytest.raises(WorkDirInUseError, match=f'is in use by process {holder} on'),
        work_dir_lock(tmp_path),
    ):
        pytest.fail('both hold it')
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    with work_dir_lock(tmp_path):
        assert str(os.getpid()) in (tmp_path / '.lock').read_text()

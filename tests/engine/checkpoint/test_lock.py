"""A work dir belongs to one run at a time."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ostrdet.engine.checkpoint import hold_work_dir, release_work_dir, work_dir_lock
from ostrdet.errors import WorkDirInUseError

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


def test_it_is_held_before_the_run_and_until_its_end(tmp_path: Path) -> None:
    def taken_by_another() -> bool:
        child = os.fork()
        if child == 0:
            os._exit(_try_to_hold(tmp_path))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    hold_work_dir(tmp_path)
    hold_work_dir(tmp_path)  # a runner that was built again, before its first step
    assert not taken_by_another()
    with work_dir_lock(tmp_path):
        with pytest.raises(WorkDirInUseError, match='in use by this process'):
            hold_work_dir(tmp_path)
        assert not taken_by_another()
    assert taken_by_another()
    hold_work_dir(tmp_path)
    release_work_dir(tmp_path)
    release_work_dir(tmp_path)
    assert taken_by_another()


def _try_to_hold(folder: Path) -> int:
    try:
        hold_work_dir(folder)
    except WorkDirInUseError:
        return 1
    return 0

"""A work dir belongs to one run at a time."""

import os
from pathlib import Path

import pytest

from ostrdet.engine.checkpoint import WorkDirInUseError, work_dir_lock


def test_a_second_run_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with (
        work_dir_lock(tmp_path / 'new'),
        pytest.raises(WorkDirInUseError, match=f'is in use by process {os.getpid()} on'),
        work_dir_lock(tmp_path / 'new'),
    ):
        pytest.fail('both hold it')
    with work_dir_lock(tmp_path / 'new'), work_dir_lock(tmp_path / 'other'):
        pass


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        work_dir_lock(tmp_path).__enter__()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    with work_dir_lock(tmp_path):
        assert str(os.getpid()) in (tmp_path / '.lock').read_text()

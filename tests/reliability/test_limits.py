"""What containers allow: a small ``/dev/shm``, few file descriptors. A run ends, and says what to give."""

import ctypes
import multiprocessing
import os
import resource
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest

CONTEXT = multiprocessing.get_context('fork')
NEW_MOUNTS, PRIVATE = 0x00020000, 0x00040000 | 0x4000
SECONDS = 60
ROOM = 2**16


def small_shm() -> None:
    """Mount 64 KiB over ``/dev/shm``, for this process and its children alone."""
    system = ctypes.CDLL(None, use_errno=True)
    size = f'size={ROOM}'.encode()
    calls = (
        lambda: system.unshare(NEW_MOUNTS),
        lambda: system.mount(b'none', b'/', None, PRIVATE, None),
        lambda: system.mount(b'tmpfs', b'/dev/shm', b'tmpfs', 0, size),
    )
    for call in calls:
        if call() != 0:
            raise OSError(ctypes.get_errno(), 'no mount namespace can be had')


def few_files() -> None:
    """Eight descriptors more than are open."""
    taken = {int(path.name) for path in Path('/proc/self/fd').iterdir()}
    number = [handle for handle in range(len(taken) + 9) if handle not in taken][8]
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def run_limited(limit: Callable[[], None], config: Path, folder: Path) -> None:
    """The child: the tool itself under the limit; its words go to a file."""
    from ostrdet.commands import train as train_cli

    errors = folder.with_suffix('.err')
    with errors.open('w', encoding='utf-8') as stream, redirect_stderr(stream):
        limit()
        status = train_cli.main([str(config), '--work-dir', str(folder)])
    raise SystemExit(status)


@pytest.fixture
def config(tiny_training: Any, tmp_path: Path) -> Path:
    """A training whose batches take 184 KB."""
    workers = {'num_workers': 2, 'batch_size': 60}
    made = tiny_training({f'train_dataloader.{key}': value for key, value in workers.items()})
    made.dump(tmp_path / 'config.py')
    return tmp_path / 'config.py'


def can_mount() -> bool:
    def attempt() -> None:
        try:
            small_shm()
        except OSError:
            os._exit(1)
        os._exit(0)

    child = CONTEXT.Process(target=attempt)
    child.start()
    child.join()
    return child.exitcode == 0


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize(('limit', 'mend'), [(small_shm, '--shm-size'), (few_files, 'ulimit -n')])
def test_a_run_ends_with_status_4(
    limit: Callable[[], None], mend: str, config: Path, tmp_path: Path
) -> None:
    if limit is small_shm and not can_mount():
        pytest.skip(
            'no mount namespace of its own can be had here, as containers and users have none'
        )
    child = CONTEXT.Process(target=run_limited, args=(limit, config, tmp_path / 'run'))
    child.start()
    child.join(SECONDS)
    assert child.exitcode == 4
    said = (tmp_path / 'run.err').read_text(encoding='utf-8').splitlines()
    assert [line for line in said if mend in line and 'num_workers=0' in line] != []
    assert [line for line in said if line.startswith('error: ')] == said[-1:]

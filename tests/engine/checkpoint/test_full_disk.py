"""A file system that is full at any byte: the previous checkpoint stays, and nothing is left over."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ostrdet.engine.checkpoint import AtomicBackend, latest_checkpoint, read_checkpoint

SIZE = 2**20
OLD, NEW = 2**15, 2**16  # floats of the two checkpoints
FREE = np.random.default_rng(0).integers(0, 4 * NEW, 12).tolist()

#: Run in a mount name space of its own: the file system goes when the process ends.
MOUNTED = (
    'mount -t tmpfs -o size={size} tmpfs {folder} && exec {python} -m pytest -q {file} -k mounted'
)
FOLDER = 'OSTRDET_SMALL_TMPFS'


def checkpoint(path: Path, length: int) -> None:
    """A checkpoint of a vector, at some other place."""
    torch.save({'state_dict': {'weight': torch.arange(float(length))}}, path)


def fill(folder: Path, free: int) -> None:
    """Leave no more than ``free`` bytes."""
    left = shutil.disk_usage(folder).free
    with (folder / 'ballast').open('wb') as stream:
        stream.write(bytes(max(0, left - free)))


if FOLDER in os.environ:  # the process that test_a_small_tmpfs starts

    @pytest.mark.parametrize('free', FREE)
    def test_mounted(tmp_path: Path, free: int) -> None:
        small = Path(os.environ[FOLDER])
        checkpoint(tmp_path / 'old.pth', OLD)
        checkpoint(tmp_path / 'new.pth', NEW)
        backend, work_dir = AtomicBackend(), small / str(free)
        backend.put((tmp_path / 'old.pth').read_bytes(), work_dir / 'epoch_1.pth')
        data = (tmp_path / 'new.pth').read_bytes()
        try:
            fill(small, free)
            with pytest.raises(
                OSError, match=rf'{len(data):,} bytes are needed, [\d,]+ are free'
            ) as caught:
                backend.put(data, work_dir / 'epoch_2.pth')
            assert caught.value.errno == 28
            stated = re.search(r'needed, ([\d,]+) are free', str(caught.value))
            assert stated is not None
            assert int(stated[1].replace(',', '')) <= free
            assert latest_checkpoint(work_dir) == work_dir / 'epoch_1.pth'
            assert len(read_checkpoint(work_dir / 'epoch_1.pth')['state_dict']['weight']) == OLD
            names = sorted(path.name for path in work_dir.iterdir())
            assert names == ['epoch_1.pth', 'epoch_1.pth.sha256']
        finally:
            (small / 'ballast').unlink(missing_ok=True)
        backend.put(data, work_dir / 'epoch_2.pth')  # once there is room
        assert latest_checkpoint(work_dir) == work_dir / 'epoch_2.pth'
        shutil.rmtree(work_dir)


def _start(command: str, folder: Path) -> Any:
    return subprocess.run(
        ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', command],
        env={**os.environ, FOLDER: str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_small_tmpfs(tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which('unshare') is None:
        pytest.skip('no program unshare')
    folder = tmp_path / 'small'
    folder.mkdir()
    tried = _start(f'mount -t tmpfs -o size={SIZE} tmpfs {folder}', folder)
    if tried.returncode:
        pytest.skip(f'no file system can be mounted here: {tried.stderr.strip()}')
    monkeypatch.chdir(repo_root)
    command = MOUNTED.format(size=SIZE, folder=folder, python=sys.executable, file=__file__)
    done = _start(f'{command} -p no:cacheprovider', folder)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f'{len(FREE)} passed' in done.stdout

"""Files that are whole or not there."""

import hashlib
import os
import re
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mmengine.fileio import get_file_backend

from ostrdet.engine.checkpoint.atomic_files import AtomicBackend, use_atomic_files
from ostrdet.structures.atomic import write_atomically

OLD, NEW = b'old' * 5000, b'new' * 20000


@pytest.fixture
def limit() -> Iterator[None]:
    """Files can't grow beyond a limit that the test sets."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures('limit')
@pytest.mark.parametrize('size', np.random.default_rng(0).integers(0, len(NEW), 20).tolist())
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, size: int) -> None:
    path, backend = tmp_path / 'epoch_1.pth', AtomicBackend()
    backend.put(OLD, path)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    with pytest.raises(OSError, match=r'60,000 bytes are needed, [\d,]+ are free') as caught:
        write_atomically(path, NEW)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert caught.value.filename == str(path)
    assert 'continue with --resume' in str(caught.value)
    assert path.read_bytes() == OLD
    assert sorted(p.name for p in tmp_path.iterdir()) == ['epoch_1.pth', 'epoch_1.pth.sha256']


def test_a_checkpoint_gets_its_checksum_and_loses_it_with_itself(tmp_path: Path) -> None:
    path, backend = tmp_path / 'epoch_1.pth', AtomicBackend()
    for data in (OLD, NEW):
        backend.put(data, path)
        assert path.read_bytes() == data
        beside = tmp_path / 'epoch_1.pth.sha256'
        assert beside.read_text() == hashlib.sha256(data).hexdigest()
    backend.put_text('text', tmp_path / 'a.txt')
    assert (tmp_path / 'a.txt').read_text() == 'text'
    backend.remove(path)
    assert [p.name for p in tmp_path.iterdir()] == ['a.txt']


def test_the_data_is_on_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, 'fsync', lambda handle: (calls.append('sync'), sync(handle))[1])
    monkeypatch.setattr(Path, 'replace', lambda a, b: (calls.append('name'), replace(a, b))[1])
    write_atomically(tmp_path / 'a', NEW)
    assert calls == ['sync', 'name', 'sync']


def test_mmengine_writes_through_it(tmp_path: Path) -> None:
    use_atomic_files()
    assert isinstance(get_file_backend(str(tmp_path)), AtomicBackend)
    assert re.fullmatch('.*AtomicBackend', type(get_file_backend(tmp_path / 'a.pth')).__name__)

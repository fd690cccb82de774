"""What the workers of the loaders may have on their way, against what ``/dev/shm`` has free."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

from ostrdet.apis.rehearse import check
from ostrdet.datasets.shared_memory import SHARED, bytes_in_flight, check_shared_memory
from ostrdet.errors import LoaderError

#: Of 3 x 8 x 8 bytes.
SAMPLES: Any = [{'inputs': torch.zeros(3, 8, 8, dtype=torch.uint8)}] * 20


def loader(workers: int, **options: Any) -> DataLoader:
    return DataLoader(SAMPLES, num_workers=workers, collate_fn=list, **options)


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    state, real = SimpleNamespace(f_bavail=size, f_frsize=1), os.statvfs
    monkeypatch.setattr(os, 'statvfs', lambda path: state if path == SHARED else real(path))


def test_the_bytes_of_all_that_is_on_its_way() -> None:
    assert bytes_in_flight(loader(0, batch_size=4)) == 0
    assert bytes_in_flight(loader(2, batch_size=4)) == 192 * 4 * 2 * 2
    assert bytes_in_flight(loader(1, batch_size=5, prefetch_factor=3)) == 192 * 5 * 3
    sampler = torch.utils.data.BatchSampler(range(20), 4, drop_last=False)
    assert bytes_in_flight(loader(1, batch_sampler=sampler)) == 192 * 4 * 2


@pytest.mark.parametrize(
    ('names', 'fits'), [(('train', 'val'), True), (('train', 'architecture'), False)]
)
def test_loaders_of_one_phase_share_the_room(
    names: tuple[str, ...], fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 192 * 4 * 2 * 2)
    loaders = {name: loader(2, batch_size=4) for name in names}
    if fits:
        check_shared_memory(loaders)
        return
    with pytest.raises(LoaderError, match=r'train_dataloader: 2 workers send .*--shm-size.*rs=0'):
        check_shared_memory(loaders)


def test_the_rehearsal_compares(
    tiny_training: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 1000)
    check(tiny_training({'train_dataloader.num_workers': 0}), work_dir=tmp_path)
    with pytest.raises(LoaderError, match=r'0\.8 MiB at once through /dev/shm, 0\.0 MiB are free'):
        check(tiny_training({'train_dataloader.num_workers': 2}), work_dir=tmp_path)

"""The newest whole checkpoint is found by looking at the files, whatever damage there is."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from ostrdet.engine.checkpoint import (
    AtomicBackend,
    checkpoints,
    latest_checkpoint,
    other_checkpoints,
)
from ostrdet.errors import DamagedFileError


def write(folder: Path, *names: str) -> None:
    """Checkpoints as the runner writes them."""
    for name in names:
        torch.save({'state_dict': {'a': torch.arange(50.0)}}, folder / name)
        data = (folder / name).read_bytes()
        AtomicBackend().put(data, folder / name)


def test_the_newest_by_number_not_by_name(tmp_path: Path) -> None:
    names = ['epoch_2.pth', 'epoch_10.pth', 'epoch_9.pth', 'best_epoch_99.pth', 'epoch_x.pth']
    write(tmp_path, *names)
    (tmp_path / 'last_checkpoint').write_text('/moved/epoch_2.pth')
    assert latest_checkpoint(tmp_path) == tmp_path / 'epoch_10.pth'
    write(tmp_path, 'epoch_9_iter_500.pth')
    assert latest_checkpoint(tmp_path) == tmp_path / 'epoch_10.pth'
    write(tmp_path, 'epoch_10_iter_2.pth', 'epoch_10_iter_10.pth')
    assert latest_checkpoint(tmp_path) == tmp_path / 'epoch_10_iter_10.pth'


def test_nothing_there(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / 'nowhere') is None


def _flipped(whole: bytes, position: int) -> bytes:
    data = bytearray(whole)
    data[position] ^= 1 << (position % 8)
    return bytes(data)


def test_every_truncation_and_every_flipped_bit_is_found(tmp_path: Path) -> None:
    """200 of each; the checkpoint before is used, and a warning names the damaged one."""
    write(tmp_path, 'epoch_1.pth', 'epoch_2.pth')
    newest = tmp_path / 'epoch_2.pth'
    whole = newest.read_bytes()
    positions = np.random.default_rng(0).integers(0, len(whole), 200).tolist()
    for position in positions:
        for content in (whole[:position], _flipped(whole, position)):
            newest.write_bytes(content)
            warnings: list[str] = []
            assert latest_checkpoint(tmp_path, warnings.append) == tmp_path / 'epoch_1.pth'
            (warning,) = warnings
            assert re.search(r"epoch_2\.pth' is damaged \(.+\); 'epoch_1\.pth' is used", warning)
    newest.write_bytes(whole)
    assert latest_checkpoint(tmp_path) == newest


@pytest.mark.parametrize('part', [0.0, 0.01, 0.5, 0.999])
def test_without_its_checksum_a_cut_off_checkpoint_is_found(tmp_path: Path, part: float) -> None:
    write(tmp_path, 'epoch_1.pth', 'epoch_2.pth')
    newest = tmp_path / 'epoch_2.pth'
    (tmp_path / 'epoch_2.pth.sha256').unlink()
    assert latest_checkpoint(tmp_path) == newest
    data = newest.read_bytes()
    newest.write_bytes(data[: int(len(data) * part)])
    assert latest_checkpoint(tmp_path) == tmp_path / 'epoch_1.pth'


def test_where_all_are_damaged_nothing_starts_from_zero(tmp_path: Path) -> None:
    write(tmp_path, 'epoch_1.pth', 'epoch_2.pth')
    for path in tmp_path.glob('*.pth'):
        path.write_bytes(b'')
    with pytest.raises(
        DamagedFileError, match=r"every checkpoint is damaged: .*epoch_2\.pth' is empty"
    ):
        latest_checkpoint(tmp_path)


def test_folders_are_no_checkpoints_and_capitals_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / 'epoch_9.pth').mkdir()
    (tmp_path / 'mine.pth').mkdir()
    assert checkpoints(tmp_path) == other_checkpoints(tmp_path) == []
    (tmp_path / 'epoch_2.PTH').touch()
    assert checkpoints(tmp_path) == []
    assert other_checkpoints(tmp_path) == [tmp_path / 'epoch_2.PTH']
    assert other_checkpoints(tmp_path / 'none') == []

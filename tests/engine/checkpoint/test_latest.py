"""The newest checkpoint is found by its number."""

from pathlib import Path

from ostrdet.engine.checkpoint import latest_checkpoint


def test_the_highest_epoch_not_the_last_name(tmp_path: Path) -> None:
    for name in ('epoch_2.pth', 'epoch_10.pth', 'epoch_9.pth', 'best_epoch_99.pth', 'epoch_x.pth'):
        (tmp_path / name).touch()
    (tmp_path / 'last_checkpoint').write_text('/moved/epoch_2.pth')
    assert latest_checkpoint(tmp_path) == tmp_path / 'epoch_10.pth'


def test_nothing_there(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / 'nowhere') is None

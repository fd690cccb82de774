"""The rehearsal of a run: what it reads, estimates and refuses, and that it leaves nothing."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.apis.rehearse import check
from ostrdet.apis.train import train
from ostrdet.commands import check as check_cli


@pytest.mark.parametrize(
    ('full', 'images'),
    [
        (False, {'train': 16, 'val': 36, 'test': 36}),
        (True, {'train': 60, 'val': 36, 'test': 36}),
    ],
)
def test_a_training(tiny_training: Any, tmp_path: Path, full: bool, images: dict[str, int]) -> None:
    found = check(tiny_training(), full=full, work_dir=tmp_path / 'new' / 'run')
    assert found.images == images
    assert found.iterations == 8
    assert found.seconds > 0
    assert found.peak_mib > 100
    assert list(tmp_path.iterdir()) == []


def test_a_search(tiny_config: Any, tmp_path: Path) -> None:
    found = check(tiny_config(), full=True, work_dir=tmp_path)
    assert found.images == {'train': 72, 'architecture': 72, 'val': 72}
    assert list(tmp_path.iterdir()) == []


def test_the_disk_is_what_the_checkpoints_take(tiny_training: Any, tmp_path: Path) -> None:
    found = check(tiny_training(), work_dir=tmp_path)
    train(tiny_training(), work_dir=tmp_path)
    sizes = [path.stat().st_size / 2**20 for path in tmp_path.glob('epoch_?.pth')]
    assert len(sizes) == 2
    assert sum(sizes) <= found.disk_mib * 1.1
    assert found.disk_mib <= 2 * sum(sizes)


def test_without_room_it_says_so(
    tiny_training: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type('Usage', (), {'free': 100})
    monkeypatch.setattr('shutil.disk_usage', lambda path: usage)
    with pytest.raises(OSError, match=r'the checkpoints need \d+ MiB, 0 MiB are free; make room'):
        check(tiny_training(), work_dir=tmp_path)


def test_a_search_takes_no_genotype(tiny_config: Any) -> None:
    with pytest.raises(ValueError, match='a search finds one, and takes none'):
        check(tiny_config(), genotype='darts_v2')


def test_a_value_that_no_transform_takes_is_named_by_its_key(
    tiny_training: Any, tmp_path: Path
) -> None:
    cfg = tiny_training()
    flip = {'type': 'mmpretrain.RandomFlip', 'prob': 0.5, 'direction': 'sideways'}
    cfg.train_dataloader.dataset.pipeline.insert(0, flip)
    with pytest.raises(
        ValueError, match=r"config key '.*pipeline\.0': mmpretrain\.RandomFlip can not"
    ):
        check(cfg, work_dir=tmp_path)


def test_the_tool(tiny_training: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_training().dump(tmp_path / 'tiny.py')
    arguments = [str(tmp_path / 'tiny.py'), '--work-dir', str(tmp_path / 'run')]
    assert check_cli.main(arguments) == 0
    out, err = capsys.readouterr()
    headings = [line.split()[0] for line in out.splitlines()]
    assert headings == ['images', 'step', 'disk', 'ETA', 'ok:']
    assert err == ''
    assert check_cli.main([*arguments, '--genotype', 'dart_v2']) == 2
    assert "Did you mean 'darts_v2'" in capsys.readouterr().err


def test_a_rehearsal_is_that_of_the_first_stage(tiny_config: Any, tmp_path: Path) -> None:
    stages = [{'train_cfg': {'max_epochs': 7}}, {'keep': 3}]
    found = check(tiny_config({'stages': stages}), work_dir=tmp_path / 'run')
    assert found.iterations == 7 * 4
    assert not (tmp_path / 'run').exists()

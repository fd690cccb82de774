"""The last two checkpoints are always there."""

from pathlib import Path
from typing import Any

import pytest

from ostrdet.apis.train import train
from ostrdet.engine.hooks import SafeCheckpointHook


@pytest.mark.parametrize('keep', [0, 1, -2])
def test_fewer_than_two_are_refused(keep: int) -> None:
    with pytest.raises(ValueError, match=rf'max_keep_ckpts={keep}, expected at least 2'):
        SafeCheckpointHook(max_keep_ckpts=keep)


@pytest.mark.parametrize(('keep', 'left'), [(2, [3, 4]), (3, [2, 3, 4]), (-1, [1, 2, 3, 4])])
def test_old_ones_go(tiny_training: Any, tmp_path: Path, keep: int, left: list[int]) -> None:
    config = tiny_training(
        {
            'train_cfg.max_epochs': 4,
            'train_dataloader.dataset.indices': range(0, 1437, 72),
            'default_hooks.checkpoint.max_keep_ckpts': keep,
            'default_hooks.checkpoint.save_best': 'accuracy/top1',
        }
    )
    train(config, work_dir=tmp_path)
    names = {path.name for path in tmp_path.glob('epoch_*')}
    expected = {f'epoch_{epoch}.pth' for epoch in left}
    assert names == expected | {f'{name}.sha256' for name in expected}
    assert len(list(tmp_path.glob('best_*.pth'))) == 1


def test_the_new_one_is_safe_before_the_old_one_goes(
    tiny_training: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ostrdet.engine.checkpoint import AtomicBackend

    seen: list[list[str]] = []
    put = AtomicBackend.put

    def spy(backend: AtomicBackend, data: bytes, path: str) -> None:
        seen.append(sorted(p.name for p in tmp_path.glob('epoch_?.pth')))
        put(backend, data, path)

    monkeypatch.setattr(AtomicBackend, 'put', spy)
    short = {'train_cfg.max_epochs': 4, 'train_dataloader.dataset.indices': range(0, 1437, 72)}
    train(tiny_training(short), work_dir=tmp_path)
    assert [len(names) for names in seen] == [0, 1, 2, 2]

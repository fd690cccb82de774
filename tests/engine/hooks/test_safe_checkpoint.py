"""The last two checkpoints are always there."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.apis.train import train
from ostrdet.engine.hooks import SafeCheckpointHook

#: Two iterations per epoch.
SHORT = {'train_cfg.max_epochs': 4, 'train_dataloader.dataset.indices': range(0, 1437, 72)}


@pytest.mark.parametrize('keep', [0, 1, -2])
def test_fewer_than_two_are_refused(keep: int) -> None:
    with pytest.raises(ValueError, match=rf'max_keep_ckpts={keep}, expected at least 2'):
        SafeCheckpointHook(max_keep_ckpts=keep)


def test_an_argument_that_nothing_takes_is_refused_before_the_first_checkpoint() -> None:
    with pytest.raises(TypeError, match=r"checkpoint\.save_bets: .*Did you mean 'save_best'"):
        SafeCheckpointHook(save_bets='auto')
    SafeCheckpointHook(save_best='auto', backend_args=None)


@pytest.mark.parametrize(('keep', 'left'), [(2, [3, 4]), (3, [2, 3, 4]), (-1, [1, 2, 3, 4])])
def test_old_ones_go(tiny_training: Any, tmp_path: Path, keep: int, left: list[int]) -> None:
    config = tiny_training(
        {
            **SHORT,
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

    seen: list[int] = []
    put = AtomicBackend.put

    def spy(backend: AtomicBackend, data: bytes, path: str) -> None:
        seen.append(len(list(tmp_path.glob('epoch_*.pth'))))
        put(backend, data, path)

    monkeypatch.setattr(AtomicBackend, 'put', spy)
    train(tiny_training(SHORT), work_dir=tmp_path)
    # Before the validation, and after, of four epochs
    assert seen == [0, 1, 1, 2, 2, 2, 2, 2]


def test_by_iteration_they_are_found_kept_and_gone_on_with(
    tiny_training: Any, tmp_path: Path
) -> None:
    """Four epochs of two iterations, gone on with after three iterations, end in the same bits."""
    options = {**SHORT, 'default_hooks.checkpoint.by_epoch': False, 'val_cfg': None}
    options |= {'default_hooks.checkpoint.interval': 3, 'val_dataloader': None}
    config = tiny_training({**options, 'val_evaluator': None})
    whole = train(config, work_dir=tmp_path).model.state_dict()
    assert found(tmp_path) == ['epoch_3_iter_2.pth', 'epoch_4.pth']
    with pytest.raises(FileExistsError, match='holds a training already'):
        train(config, work_dir=tmp_path)
    config.default_hooks.checkpoint.max_keep_ckpts = -1
    train(config, work_dir=tmp_path / 'run')
    (tmp_path / 'run/epoch_4.pth').unlink()
    assert found(tmp_path / 'run') == [
        f'epoch_{at}.pth' for at in ('1_iter_1', '2_iter_2', '3_iter_2')
    ]
    for name in ('2_iter_2', '3_iter_2'):
        (tmp_path / f'run/epoch_{name}.pth').unlink()
    resumed = train(config, work_dir=tmp_path / 'run', resume='auto').model.state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_an_error_in_the_validation_loses_no_epoch(
    tiny_training: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_training({**SHORT, 'train_cfg.max_epochs': 2, 'train_cfg.val_begin': 2})
    whole = train(config, work_dir=tmp_path / 'whole')
    with monkeypatch.context() as patch:
        patch.setattr('mmengine.runner.ValLoop.run', lambda loop: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train(config, work_dir=tmp_path / 'run')
    assert found(tmp_path / 'run') == ['epoch_1.pth', 'epoch_1_iter_2.pth']
    resumed = train(config, work_dir=tmp_path / 'run', resume='auto')
    assert found(tmp_path / 'run') == ['epoch_1.pth', 'epoch_2.pth']
    assert torch.equal(
        whole.model.head.fc.weight,  # type: ignore[union-attr,arg-type]
        resumed.model.head.fc.weight,  # type: ignore[union-attr,arg-type]
    )
    assert resumed.message_hub.get_scalar('val/accuracy/top1').current() == (
        whole.message_hub.get_scalar('val/accuracy/top1').current()
    )


def test_going_on_from_an_older_one_sets_the_newer_ones_aside(
    tiny_training: Any, tmp_path: Path
) -> None:
    config = tiny_training({**SHORT, 'default_hooks.checkpoint.max_keep_ckpts': -1})
    train(config, work_dir=tmp_path)
    config.train_cfg.max_epochs = 2
    train(config, work_dir=tmp_path, resume=str(tmp_path / 'epoch_1.pth'))
    assert found(tmp_path) == ['epoch_1.pth', 'epoch_2.pth']
    assert sorted(path.name for path in tmp_path.glob('*.old')) == [
        f'epoch_{epoch}.pth.old' for epoch in (2, 3, 4)
    ]


def found(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob('*.pth'))

"""Checkpoints of tensors and plain values alone."""

from typing import Any

import numpy as np
import pytest
from mmengine.logging import HistoryBuffer

from ostrdet.engine.checkpoint import read_checkpoint
from ostrdet.engine.hooks import PlainCheckpointHook


def test_histories_survive(tmp_path: Any) -> None:
    history = HistoryBuffer([0.1, 0.2, 0.3], [1, 2, 1], max_length=7)
    hub = {
        'log_scalars': {'train/loss': history},
        'runtime_info': {'eta': np.float64(2.5), 'name': 'x'},
        'resumed_keys': {'train/loss': True},
    }
    checkpoint: dict[str, Any] = {'message_hub': hub}
    hook: Any = PlainCheckpointHook()
    hook.before_save_checkpoint(None, checkpoint)
    assert type(checkpoint['message_hub']['runtime_info']['eta']) is float
    assert hub['log_scalars']['train/loss'] is history, 'the hub of the running training stays'
    hook.after_load_checkpoint(None, checkpoint)
    read = checkpoint['message_hub']['log_scalars']['train/loss']
    assert read.max_length == 7
    assert [part.tolist() for part in read.data] == [[0.1, 0.2, 0.3], [1, 2, 1]]
    assert read.mean() == history.mean()
    assert checkpoint['message_hub']['runtime_info'] == {'eta': 2.5, 'name': 'x'}


def test_a_search_writes_what_can_be_read_safely(two_epochs: Any) -> None:
    checkpoint = read_checkpoint(two_epochs.folder / 'epoch_2.pth')
    assert checkpoint['meta']['epoch'] == 2
    assert 'train/loss' in checkpoint['message_hub']['log_scalars']


def test_histories_hold_an_epoch_and_checkpoints_do_not_grow(
    run_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('ostrdet.engine.hooks.plain_checkpoint.LEAST', 3)
    keep_all = {'default_hooks.checkpoint.max_keep_ckpts': -1}
    run = run_search(overrides={'train_cfg.max_epochs': 4, **keep_all})
    sizes = [(run.folder / f'epoch_{epoch}.pth').stat().st_size for epoch in range(1, 5)]
    assert max(sizes) <= 1.01 * sizes[0]
    for epoch in range(1, 5):
        histories = read_checkpoint(run.folder / f'epoch_{epoch}.pth')['message_hub']['log_scalars']
        assert len(histories['train/loss']['values']) == 4
        assert max(len(history['values']) for history in histories.values()) == 4
    losses = run.runner.message_hub.get_scalar('train/loss')
    assert losses.max_length == 4
    assert losses.mean() == pytest.approx(np.mean(losses.data[0]))

"""Checkpoints of tensors and plain values alone."""

from typing import Any

import numpy as np
from mmengine.logging import HistoryBuffer

from ostrdet.engine.checkpoint import PlainCheckpointHook, read_checkpoint


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

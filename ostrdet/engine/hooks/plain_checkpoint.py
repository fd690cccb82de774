"""Checkpoints of tensors and plain values alone, which can be read without running what they hold."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

#: Values that a history keeps at least; mmengine's log lines are means of ten.
LEAST = 10


class PlainCheckpointHook(Hook):
    """Writes what mmengine's message hub holds as tensors and plain values, and reads it back.

    It is the only part of mmengine's checkpoints that needs the whole of pickle. Histories keep the
    values of an epoch: mmengine's own hold a million, and memory and checkpoints grow with them.
    """

    priority = 'LOWEST'

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Bound the histories that the iterations before have begun."""
        _bound(runner.message_hub.log_scalars, len(runner.train_loop.dataloader))

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Replace every history of scalars by a dict, and every scalar of numpy by a number."""
        _convert(checkpoint, _plain)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Replace every dict by a history."""
        _convert(checkpoint, _history)


def _bound(histories: dict[str, HistoryBuffer], iterations: int) -> None:
    length = max(iterations, LEAST)
    for name, history in histories.items():
        if history.max_length > length:
            values, counts = (part[-length:] for part in history.data)
            histories[name] = HistoryBuffer(values, counts, length)


def _convert(checkpoint: dict[str, Any], function: Callable[[Any], Any]) -> None:
    hub = checkpoint.get('message_hub', {})
    checkpoint['message_hub'] = {
        part: {name: function(value) for name, value in values.items()}
        for part, values in hub.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, HistoryBuffer):
        return value
    values, counts = (torch.from_numpy(np.array(part, dtype=np.float64)) for part in value.data)
    return {'values': values, 'counts': counts, 'max_length': value.max_length}


def _history(value: Any) -> Any:
    if not isinstance(value, dict) or set(value) != {'values', 'counts', 'max_length'}:
        return value
    values, counts = value['values'].cpu().numpy(), value['counts'].cpu().numpy()
    return HistoryBuffer(values, counts, value['max_length'])

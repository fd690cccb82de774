"""A cosine that several stages share."""

import math
from typing import Any

from mmengine.optim import CosineAnnealingLR

from ostrdet.errors import InvalidValueError
from ostrdet.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class PartOfCosineLR(CosineAnnealingLR):
    """The part of a cosine over T epochs that begins at its epoch ``start``.

    In epoch e, from 0, the rate is ``eta_min + (lr - eta_min) (1 + cos(pi (start + e) / T)) / 2``. So a
    stage goes on where the one before has stopped.

    Args:
        optimizer: The optimizer, or its wrapper.
        T_max: T, the epochs of all stages.
        start: Epochs of the stages before.
        kwargs: As in ``mmengine.optim.CosineAnnealingLR``.

    Raises:
        InvalidValueError: If ``start`` is not in [0, T).
    """

    def __init__(self, optimizer: Any, T_max: int, start: int = 0, **kwargs: Any) -> None:
        if not 0 <= start < T_max:
            raise InvalidValueError(
                f'PartOfCosineLR: expected start in [0, T_max={T_max}), got start={start}'
            )
        self.start = start
        super().__init__(optimizer, T_max=T_max, **kwargs)

    @classmethod
    def build_iter_from_epoch(
        cls, *args: Any, start: int = 0, epoch_length: int, **kwargs: Any
    ) -> 'PartOfCosineLR':
        """The same, counted in iterations."""
        scheduler: PartOfCosineLR = super().build_iter_from_epoch(
            *args, start=start * epoch_length, epoch_length=epoch_length, **kwargs
        )
        return scheduler

    def _get_value(self) -> list[float]:
        turn = (1 + math.cos(math.pi * (self.start + self.last_step) / self.T_max)) / 2
        return [self.eta_min + (rate - self.eta_min) * turn for rate in self.base_values]

"""The schedule of PC-DARTS' ImageNet search."""

import math
from typing import Any

from mmengine.optim import CosineAnnealingLR

from ostrdet.errors import InvalidValueError
from ostrdet.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class CosineAfterWarmUpLR(CosineAnnealingLR):
    """A cosine over all epochs, in whose place a line stands in the first of them (PC-DARTS).

    In epoch e of T, from 0, the rate is ``lr (e + 1) / warm_up`` while e < ``warm_up``, then
    ``eta_min + (lr - eta_min) (1 + cos(pi e / T)) / 2``. mmengine's cosine starts anew behind a
    ``LinearLR``, and multiplies with it beside one.

    Args:
        optimizer: The optimizer, or its wrapper.
        args: As in ``mmengine.optim.CosineAnnealingLR``.
        warm_up: Epochs of the line, at least 0.
        kwargs: As in ``mmengine.optim.CosineAnnealingLR``.

    Raises:
        InvalidValueError: If ``warm_up`` is below 0.
    """

    def __init__(self, optimizer: Any, *args: Any, warm_up: int, **kwargs: Any) -> None:
        if warm_up < 0:
            raise InvalidValueError(
                f'CosineAfterWarmUpLR: expected warm_up >= 0, got warm_up={warm_up}'
            )
        self.warm_up = warm_up
        super().__init__(optimizer, *args, **kwargs)

    @classmethod
    def build_iter_from_epoch(
        cls, *args: Any, warm_up: int, epoch_length: int, **kwargs: Any
    ) -> 'CosineAfterWarmUpLR':
        """The same, counted in iterations."""
        scheduler: CosineAfterWarmUpLR = super().build_iter_from_epoch(
            *args, warm_up=warm_up * epoch_length, epoch_length=epoch_length, **kwargs
        )
        return scheduler

    def _get_value(self) -> list[float]:
        if self.last_step < self.warm_up:
            return [rate * (self.last_step + 1) / self.warm_up for rate in self.base_values]
        turn = (1 + math.cos(math.pi * self.last_step / self.T_max)) / 2
        return [
            low + (rate - low) * turn
            for rate, low in zip(self.base_values, self._lowest(), strict=True)
        ]

    def _lowest(self) -> list[float]:
        if self.eta_min_ratio is None:
            return [self.eta_min] * len(self.base_values)
        return [rate * self.eta_min_ratio for rate in self.base_values]

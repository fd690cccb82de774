"""What all edges that leave a node share: its ReLU, its phases, and features without parameters."""

from functools import cached_property
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.models.fast.batch_stats import update_running
from ostrdet.models.fast.centring import Centred, centre
from ostrdet.models.fast.normalizing import normalize
from ostrdet.models.ops import even_phase, split_phases

POOLS = (nn.MaxPool2d, nn.AvgPool2d)


class Source:
    """A state of a cell, and what its outgoing edges compute alike, computed at first use.

    Args:
        state: Shape (N, C, H, W).
    """

    def __init__(self, state: Tensor) -> None:
        self.state = state
        self._pools: dict[tuple[Any, ...], Tensor] = {}
        self._normalized: dict[tuple[Any, ...], tuple[Tensor, Tensor, Tensor]] = {}

    @cached_property
    def relu(self) -> Tensor:
        """ReLU of the state."""
        return F.relu(self.state)

    @cached_property
    def centred_relu(self) -> Centred:
        """:attr:`relu` less its mean."""
        return centre(self.relu)

    @cached_property
    def phases(self) -> Tensor:
        """The phases of :attr:`relu`, (4N, C, H/2, W/2)."""
        return split_phases(self.relu)

    @cached_property
    def even_phase(self) -> Tensor:
        """Every second pixel of :attr:`relu`."""
        return even_phase(self.relu)

    def pooled(self, pool: nn.Module) -> Tensor:
        """The pool of the state; shared by pools of the same settings."""
        key = _settings(pool)
        if key not in self._pools:
            self._pools[key] = pool(self.state)
        return self._pools[key]

    def normalized_pool(self, pool: nn.Module, norm: nn.BatchNorm2d) -> Tensor:
        """The pool normalised by the batch; ``norm`` has no affine, its statistics are updated."""
        key = (*_settings(pool), norm.eps)
        if key not in self._normalized:
            self._normalized[key] = normalize(self.pooled(pool), norm.eps)
        feature, mean_C, variance_C = self._normalized[key]
        update_running([norm], [mean_C], [variance_C])
        return feature


def _settings(pool: Any) -> tuple[Any, ...]:
    return (type(pool), *(str(getattr(pool, name)) for name in pool.__constants__))

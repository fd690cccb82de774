"""The zero-one loss of FairDARTS."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.regularizers.base import Regularizer
from ostrdet.models.weightings import SigmoidWeighting, Weighting
from ostrdet.registry import REGULARIZERS, nearest

NORMS = ('l1', 'l2')


@REGULARIZERS.register_module()
class ZeroOne(Regularizer):
    """Pushes every sigmoid(alpha) away from 0.5 (FairDARTS, Eqs. 4 and 5).

    Minus the mean of (p - 0.5)^2, or of abs(p - 0.5), over all candidates of all cell types together.
    Its gradient at alpha = 0 is 0, so the cross-entropy alone decides the direction.

    Args:
        weight: As in :class:`Regularizer`; 10 in the reference.
        norm: 'l2', or 'l1'.

    Raises:
        InvalidValueError: If ``norm`` is unknown.
    """

    def __init__(self, weight: Any = 1.0, norm: str = 'l2') -> None:
        super().__init__(weight)
        if norm not in NORMS:
            raise InvalidValueError(f"ZeroOne: norm='{norm}'. {nearest(norm, NORMS)}")
        self.norm = norm

    def check_weighting(self, weighting: Weighting) -> None:
        """Refuse weights that compete: between 0 and 1 several small ones would remain."""
        self._check_is(weighting, SigmoidWeighting)

    def forward(self, alphas: Mapping[str, Tensor]) -> Tensor:
        """A scalar."""
        flat = torch.cat([alpha_EO.flatten() for alpha_EO in alphas.values()])
        is_present = flat > -torch.inf
        distances = (flat.sigmoid() - 0.5).abs()
        distances = distances.square() if self.norm == 'l2' else distances
        return -distances.where(is_present, 0.0).sum() / is_present.sum()

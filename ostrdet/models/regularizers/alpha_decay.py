"""Weight decay of alpha that spares what took no part in the step."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ostrdet.models.regularizers.base import Regularizer
from ostrdet.registry import REGULARIZERS


@REGULARIZERS.register_module()
class AlphaDecay(Regularizer):
    """Half the sum of alpha^2, whose gradient is alpha: the partial decay of DropNAS.

    Under a weighting that drops candidates, those dropped in a step do not decay in it, unlike with the
    optimizer's ``weight_decay``, which must then be 0. Weights of dropped candidates have no gradient,
    so the decay of their optimizer passes over them too.
    """

    def forward(self, alphas: Mapping[str, Tensor]) -> Tensor:
        """A scalar."""
        squares = [
            alpha_EO.masked_fill(alpha_EO == -torch.inf, 0.0).square().sum()
            for alpha_EO in alphas.values()
        ]
        return torch.stack(squares).sum() / 2

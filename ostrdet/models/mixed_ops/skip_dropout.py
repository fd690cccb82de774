"""An edge whose identity is dropped element by element, so that it does not win by being easy (P-DARTS)."""

from collections.abc import Collection, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.mixed_ops.mixed_op import MixedOp
from ostrdet.models.ops import NormCfg
from ostrdet.registry import MODELS
from ostrdet.structures.progress import Scheduled, skip_dropout_rates


@MODELS.register_module()
class SkipDropoutMixedOp(MixedOp, Scheduled):
    r"""f = sum_o p_o o(x) with dropout behind the identity, in both steps (P-DARTS, Sect. 3.3).

    Elements are dropped at the rate d, and the others are divided by 1 - d. A skip connection of
    stride 2, which has weights, stays as it is. With the first rate :math:`d_0` and E epochs,
    :math:`d_e = d_0 (E - e - 1) / E` while alpha is frozen, from then on
    :math:`d_e = d_0 e^{-\lambda (e - e_0)}`: the rate starts anew when alpha starts to move.

    Args:
        ops: Names of the candidates.
        channels: Channels C of the edge.
        stride: 1 or 2.
        norm_cfg: Normalisation inside the candidates.
        normalized: Candidates that a normalisation follows.
        rate: d_0, in [0, 1).
        frozen_epochs: e_0, the epochs in which alpha is frozen: ``train_cfg.arch_start_epoch``.
        decay: lambda, at least 0; 0.2 in the reference.

    Raises:
        InvalidValueError: If an argument is out of its range.
    """

    rate: float

    def __init__(
        self,
        ops: Sequence[str],
        channels: int,
        stride: int,
        norm_cfg: NormCfg,
        normalized: Collection[str] = (),
        rate: float = 0.0,
        frozen_epochs: int = 10,
        decay: float = 0.2,
    ) -> None:
        super().__init__(ops, channels, stride, norm_cfg, normalized)
        _check(rate, frozen_epochs, decay)
        for index, op in enumerate(self.candidates):
            if isinstance(op, nn.Identity):
                self.candidates[index] = nn.Sequential(op, ElementDropout())
        self.keep_at('rate', skip_dropout_rates(rate, frozen_epochs, decay))

    def set_progress(self, epoch: int, max_epochs: int) -> None:
        """Take the rate of the epoch, counted from 0."""
        super().set_progress(epoch, max_epochs)
        for module in self.modules():
            if isinstance(module, ElementDropout):
                module.rate = self.rate


class ElementDropout(nn.Module):
    """Dropout of single elements at a rate that may change; nothing in evaluation, or at 0."""

    rate = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """Shape as ``x``."""
        return F.dropout(x, self.rate) if self.training and self.rate else x


def _check(rate: float, frozen_epochs: int, decay: float) -> None:
    if not 0 <= rate < 1:
        raise InvalidValueError(f'mixed_op.rate={rate}, expected a number in [0, 1), such as 0.4')
    if frozen_epochs < 0:
        raise InvalidValueError(
            f'mixed_op.frozen_epochs={frozen_epochs}, expected a number of epochs, at least 0'
        )
    if decay < 0:
        raise InvalidValueError(f'mixed_op.decay={decay}, expected a number, at least 0')

"""Partial channels: only one of k channel groups passes the candidates (PC-DARTS)."""

from collections.abc import Collection, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.kernels.channels_last import concatenate, split_off
from ostrdet.models.mixed_ops.mixed_op import MixedOp
from ostrdet.models.ops import NormCfg
from ostrdet.registry import MODELS


@MODELS.register_module()
class PartialChannelMixedOp(nn.Module):
    """Mix the first C/k channels, let the rest pass, shuffle the groups (PC-DARTS, Eq. 1).

    At stride 2 the rest passes a 2x2 max pooling; odd sizes are rounded up.

    Args:
        ops: Names of the candidates.
        channels: Channels C of the edge.
        stride: 1 or 2.
        norm_cfg: Normalisation inside the candidates.
        normalized: Candidates that a normalisation follows.
        k: Number of channel groups; 4 on CIFAR, 2 in the direct ImageNet search.

    Raises:
        InvalidValueError: If k is below one or does not divide the channels.
    """

    def __init__(
        self,
        ops: Sequence[str],
        channels: int,
        stride: int,
        norm_cfg: NormCfg,
        normalized: Collection[str] = (),
        k: int = 4,
    ) -> None:
        super().__init__()
        if k < 1 or channels % k:
            raise InvalidValueError(
                f'mixed_op.k={k} must divide the {channels} channels of every edge; '
                'change k or model.supernet.channels'
            )
        self.k, self.stride, self.mixed = k, stride, channels // k
        self.mixed_op = MixedOp(ops, self.mixed, stride, norm_cfg, normalized)

    def forward(
        self, x: Tensor, op_weights_O: Tensor, active_O: Sequence[bool] | None = None
    ) -> Tensor:
        """Mix one group of ``x`` (N, C, H, W); arguments as in ``MixedOp``."""
        if self.k == 1:
            return self.mixed_op(x, op_weights_O, active_O)
        mixed, rest = split_off(x, self.mixed)
        parts = [self.mixed_op(mixed, op_weights_O, active_O), self.pass_by(rest)]
        return F.channel_shuffle(concatenate(parts), self.k)

    def pass_by(self, rest: Tensor) -> Tensor:
        """The channels ``rest`` (N, C - C/k, H, W), at the size of the mixture."""
        return F.max_pool2d(rest, 2, 2, ceil_mode=True) if self.stride == 2 else rest

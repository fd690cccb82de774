"""An edge with a skip connection beside its mixture, which fades out (DARTS-)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.models.ops import FactorizedReduce, NormCfg
from ostrdet.registry import MODELS, build, nearest
from ostrdet.structures.progress import Scheduled

SKIPS = ('identity', 'conv')


@MODELS.register_module()
class AuxiliarySkipMixedOp(nn.Module, Scheduled):
    """f = sum_o p_o o(x) + b a(x) with a coefficient b that ends at 0 (DARTS-, Eq. 5).

    a is the identity, at stride 2 a FactorizedReduce with weights of its own. It is no candidate: the
    skip connection among the candidates stays, and a is never selected.

    Args:
        ops: Names of the candidates.
        channels: Channels C of the edge.
        stride: 1 or 2.
        norm_cfg: Normalisation inside the candidates.
        normalized: Candidates that a normalisation follows.
        mixed_op: Config of the relaxation that mixes the candidates; ``MixedOp`` if None.
        coefficient: b, at least 0: a number, or a schedule; the reference goes linearly from 1 to 0.
        skip: 'identity', or 'conv' for a 1x1 convolution that starts as the identity, where the
            stride is 1.

    Raises:
        InvalidTypeError: If the coefficient is neither.
        InvalidValueError: If it is negative, or ``skip`` is unknown.
    """

    coefficient: float

    def __init__(
        self,
        ops: Sequence[str],
        channels: int,
        stride: int,
        norm_cfg: NormCfg,
        normalized: Collection[str] = (),
        mixed_op: Mapping[str, Any] | None = None,
        coefficient: Any = 1.0,
        skip: str = 'identity',
    ) -> None:
        super().__init__()
        if skip not in SKIPS:
            raise InvalidValueError(f"mixed_op.skip='{skip}'. {nearest(skip, SKIPS)}")
        self.follow('coefficient', coefficient, 'mixed_op.coefficient', least=0.0)
        self.mixed_op = build(
            MODELS,
            mixed_op or {'type': 'MixedOp'},
            ops=ops,
            channels=channels,
            stride=stride,
            norm_cfg=norm_cfg,
            normalized=normalized,
        )
        self.skip = _skip(skip, channels, stride, norm_cfg)

    def forward(
        self, x: Tensor, op_weights_O: Tensor, active_O: Sequence[bool] | None = None
    ) -> Tensor:
        """Mix the candidates of ``x`` (N, C, H, W), and add the skip; arguments as in ``MixedOp``."""
        few = () if active_O is None else (active_O,)
        mixed: Tensor = self.mixed_op(x, op_weights_O, *few)
        return mixed + self.auxiliary(x) if self.coefficient else mixed

    def auxiliary(self, x: Tensor) -> Tensor:
        """b a(x), of the size of the mixture."""
        added: Tensor = self.coefficient * self.skip(x)
        return added


def _skip(kind: str, channels: int, stride: int, norm_cfg: NormCfg) -> nn.Module:
    if stride > 1:
        return FactorizedReduce(channels, channels, norm_cfg)
    if kind == 'identity':
        return nn.Identity()
    conv = nn.Conv2d(channels, channels, 1, bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.eye(channels)[..., None, None])
    return conv

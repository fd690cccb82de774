"""The plain relaxation of DARTS: an edge is the weighted sum of its candidates."""

from collections.abc import Collection, Sequence

from torch import Tensor, nn

from ostrdet.models.ops import NormCfg, Zero, build_op, norm
from ostrdet.registry import MODELS


@MODELS.register_module()
class MixedOp(nn.Module):
    """f = sum_o p_o o(x) (DARTS, Eq. 2).

    Args:
        ops: Names of the candidates.
        channels: Channels C of the edge.
        stride: 1 or 2.
        norm_cfg: Normalisation inside the candidates.
        normalized: Candidates that a normalisation follows (the pools of the DARTS supernet).
    """

    def __init__(
        self,
        ops: Sequence[str],
        channels: int,
        stride: int,
        norm_cfg: NormCfg,
        normalized: Collection[str] = (),
    ) -> None:
        super().__init__()
        self.stride = stride
        self.candidates = nn.ModuleList()
        for name in ops:
            op = build_op(name, channels, stride, norm_cfg)
            if name in normalized:
                op = nn.Sequential(op, norm(norm_cfg, channels))
            self.candidates.append(op)

    def forward(
        self, x: Tensor, op_weights_O: Tensor, active_O: Sequence[bool] | None = None
    ) -> Tensor:
        """Mix the candidates of ``x`` (N, C, H, W) with ``op_weights_O`` (O,).

        Args:
            x: What they read.
            op_weights_O: Their weights.
            active_O: Which of them are computed; None for all. Without any the edge is zero.
        """
        flags = active_O or [True] * len(self.candidates)
        rows = zip(op_weights_O, self.candidates, flags, strict=True)
        weighted = (w * op(x) for w, op, is_active in rows if is_active)
        return sum(weighted, start=x.new_zeros(()) if any(flags) else Zero(self.stride)(x))

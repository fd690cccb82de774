"""The early fix of DSNAS: an edge whose choice is clear is decided for good."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.structures import CellSpec


class EarlyFix(nn.Module):
    """Decides edges at the beginning of an epoch, and keeps them so (DSNAS, section 3.4).

    An edge is decided once its two highest probabilities are at least ``gap`` apart. From then on its
    alpha rests, and every draw takes its best operation. The decisions are part of the state.

    Args:
        gap: Distance of the two highest of softmax(alpha), in (0, 1]; the reference has 0.3.
        cells: The cells by cell type.

    Raises:
        InvalidValueError: If the gap is out of its range.
    """

    epoch: Tensor

    def __init__(self, gap: float, cells: Mapping[str, CellSpec]) -> None:
        super().__init__()
        if isinstance(gap, bool) or not 0 < gap <= 1:
            raise InvalidValueError(
                f'model.early_fix={gap!r}, expected a distance of probabilities, above 0 and at most 1, '
                'such as 0.3; or None'
            )
        self.gap = gap
        self.register_buffer('epoch', torch.tensor(-1))
        for name, spec in cells.items():
            self.register_buffer(f'fixed_{name}', torch.zeros(len(spec.edges), dtype=torch.bool))

    @torch.no_grad()
    def decide(self, alphas: Mapping[str, Tensor], epoch: int) -> None:
        """Decide the edges that are clear, once an epoch: a run that resumes within it has done so.

        Args:
            alphas: By cell type, shape (E, O); minus infinity where an edge lacks a candidate.
            epoch: Counted from 0.
        """
        if self.epoch.item() >= epoch:
            return
        self.epoch.fill_(epoch)
        for name, alpha_EO in alphas.items():
            highest_E2 = alpha_EO.softmax(dim=-1).topk(2).values
            self.fixed(name).logical_or_(highest_E2[:, 0] - highest_E2[:, 1] >= self.gap)

    def fixed(self, name: str) -> Tensor:
        """Which edges of a cell type are decided, bool, shape (E,)."""
        return self.get_buffer(f'fixed_{name}')

    def for_draws(self, name: str, alpha_EO: Tensor) -> Tensor:
        """``alpha_EO`` with minus infinity at all but the best operation of decided edges."""
        others_EO = torch.ones_like(alpha_EO, dtype=torch.bool)
        others_EO = others_EO.scatter(-1, alpha_EO.argmax(dim=-1, keepdim=True), False)
        return alpha_EO.masked_fill(others_EO & self.fixed(name).unsqueeze(-1), -torch.inf)

    @torch.no_grad()
    def rest(self, alphas: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> None:
        """Give decided edges back the alpha that they had ``before`` a step."""
        for name, alpha_EO in alphas.items():
            alpha_EO.copy_(before[name].where(self.fixed(name).unsqueeze(-1), alpha_EO))

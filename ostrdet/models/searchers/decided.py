"""Edges of a supernet that are decided: one candidate alone, or none."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ostrdet.models.weightings import MixWeights
from ostrdet.structures.decisions import UNDECIDED, Decisions, decided


class DecidedEdges:
    """Takes decisions into the weights of a mix, without waiting for a device.

    Args:
        decisions: Decision of every edge, by cell type.
        like: By cell type, a tensor (E, O) of the type and device of the weights.
    """

    def __init__(self, decisions: Decisions, like: Mapping[str, Tensor]) -> None:
        self.decisions = {name: tuple(codes) for name, codes in decisions.items()}
        self.fixed: dict[str, tuple[Tensor, Tensor]] = {}
        self.masks: dict[str, tuple[Tensor, Tensor]] = {}
        for name, codes in self.decisions.items():
            open_E1 = torch.tensor(codes)[:, None] == UNDECIDED
            alone_EO = decided(torch.zeros(like[name].shape, dtype=like[name].dtype), codes)
            self.masks[name] = open_E1, alone_EO.bool()
            device = like[name].device
            self.fixed[name] = open_E1.to(device), alone_EO.to(device)

    def __call__(self, name: str, weights: MixWeights) -> MixWeights:
        """``weights`` of a cell type with one-hot rows, and rows of 0, where edges are decided."""
        open_E1, alone_EO = self.fixed[name]
        mask_E1, active_EO = self.masks[name]
        others = True if weights.active is None else weights.active
        return weights._replace(
            op_weights=weights.op_weights.where(open_E1, alone_EO),
            active=active_EO | (mask_E1 & others),
        )

    @torch.no_grad()
    def rest(self, alphas: Mapping[str, Tensor], before: Mapping[str, Tensor]) -> None:
        """Give decided edges back the alpha that they had ``before`` a step."""
        for name, alpha_EO in alphas.items():
            alpha_EO.copy_(alpha_EO.where(self.fixed[name][0], before[name]))

"""One operation per edge, drawn uniformly, for the step of the weights."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Generator

from ostrdet.models.perturbations.base import MixLoss, Perturbation
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import PERTURBATIONS


@PERTURBATIONS.register_module()
class UniformPath(Perturbation):
    """Draws one candidate of every edge uniformly; it runs alone with the weight 1.

    The weights then learn for all cells of the space alike, as in random search with weight sharing,
    SPOS and SETN. One draw serves all cells of a type. An edge without a candidate is drawn as well, and
    stays without one. On a GPU the host waits for every draw, since it has to know which candidates to
    run.
    """

    def forward(
        self, mix: Mapping[str, MixWeights], generator: Generator, loss: MixLoss
    ) -> dict[str, MixWeights]:
        """One draw for every edge, in the order of the cell types; neither weights nor loss matter."""
        return {name: _drawn(weights, generator) for name, weights in mix.items()}


def _drawn(weights: MixWeights, generator: Generator) -> MixWeights:
    present_EO = (weights.op_weights != 0).double().cpu()  # an edge may lack candidates
    is_open_E1 = present_EO.any(dim=-1, keepdim=True)
    rows_EO = present_EO.where(is_open_E1, 1.0)  # a row of zeros can't be drawn from
    index_E = torch.multinomial(rows_EO, 1, generator=generator).squeeze(-1)
    active_EO = F.one_hot(index_E, present_EO.shape[-1]).bool() & is_open_E1
    return weights._replace(op_weights=active_EO.to(weights.op_weights), active=active_EO)

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
    SPOS and SETN. One draw serves all cells of a type. On a GPU the host waits for every draw, since it
    has to know which candidates to run.
    """

    def forward(
        self, mix: Mapping[str, MixWeights], generator: Generator, loss: MixLoss
    ) -> dict[str, MixWeights]:
        """One draw for every edge, in the order of the cell types; neither weights nor loss matter."""
        return {name: _drawn(weights, generator) for name, weights in mix.items()}


def _drawn(weights: MixWeights, generator: Generator) -> MixWeights:
    present_EO = (weights.op_weights != 0).double().cpu()  # an edge may lack candidates
    index_E = torch.multinomial(present_EO, 1, generator=generator).squeeze(-1)
    active_EO = F.one_hot(index_E, present_EO.shape[-1]).bool()
    return weights._replace(op_weights=active_EO.to(weights.op_weights), active=active_EO)

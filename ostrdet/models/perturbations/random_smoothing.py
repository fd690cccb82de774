"""The random perturbation of SmoothDARTS."""

from collections.abc import Mapping

import torch
from torch import Generator

from ostrdet.models.perturbations.base import Perturbation, project
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import PERTURBATIONS


@PERTURBATIONS.register_module()
class RandomSmoothing(Perturbation):
    """Adds a uniform draw from [-epsilon, epsilon] to every weight, and projects (SDARTS-RS, Eq. 6).

    The reference raises epsilon linearly, from 0.03 towards 0.3 at the end of the search. Weights of
    edges are left alone.
    """

    def forward(self, mix: Mapping[str, MixWeights], generator: Generator) -> dict[str, MixWeights]:
        """One draw for every edge and operation, in the order of the cell types."""
        return {
            name: weights._replace(op_weights=project(self._shifted(weights, generator)))
            for name, weights in mix.items()
        }

    def _shifted(self, weights: MixWeights, generator: Generator) -> torch.Tensor:
        clean_EO = weights.op_weights
        draw_EO = torch.rand(clean_EO.shape, generator=generator, dtype=clean_EO.dtype)
        delta_EO = (2 * draw_EO - 1) * self.epsilon
        return clean_EO + delta_EO.to(clean_EO.device, non_blocking=True)

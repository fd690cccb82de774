"""The random perturbation of SmoothDARTS."""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from ostrdet.models.perturbations.base import MixLoss, Smoothing, project
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import PERTURBATIONS


@PERTURBATIONS.register_module()
class RandomSmoothing(Smoothing):
    """Adds a uniform draw from [-epsilon, epsilon] to every weight, and projects (SDARTS-RS, Eq. 6).

    The reference raises epsilon linearly, from 0.03 towards 0.3 at the end of the search. Weights of
    edges are left alone.
    """

    def forward(
        self, mix: Mapping[str, MixWeights], generator: Generator, loss: MixLoss
    ) -> dict[str, MixWeights]:
        """One draw for every edge and operation, in the order of the cell types."""
        return {
            name: weights._replace(
                op_weights=project(shifted(weights.op_weights, self.epsilon, generator))
            )
            for name, weights in mix.items()
        }


def shifted(clean_EO: Tensor, epsilon: float, generator: Generator) -> Tensor:
    """``clean_EO`` plus a uniform draw from [-epsilon, epsilon], where it is not 0.

    Weights of exactly 0 are those of candidates that an edge lacks.
    """
    draw_EO = torch.rand(clean_EO.shape, generator=generator, dtype=clean_EO.dtype)
    delta_EO = (2 * draw_EO - 1) * epsilon
    delta_EO = delta_EO.to(clean_EO.device, non_blocking=True)
    return clean_EO + delta_EO.where(clean_EO != 0, 0.0)

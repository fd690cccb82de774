"""The adversarial perturbation of SmoothDARTS."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Generator, Tensor

from ostrdet.models.perturbations.base import MixLoss, Smoothing, project
from ostrdet.models.perturbations.random_smoothing import shifted
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import PERTURBATIONS


@PERTURBATIONS.register_module()
class AdversarialSmoothing(Smoothing):
    """Moves the weights of operations to where the loss is largest, within epsilon (SDARTS-ADV, Eq. 7).

    Projected ascent from a random start: ``steps`` steps of 2 epsilon / steps along the sign of the
    gradient; after each, every weight is clamped to epsilon around the clean one, then the row is
    projected, which may leave that range. If the loss did not rise, the clean weights stay. The loss is
    that of the batch on which the weights take their step, with the network in evaluation mode. A step
    of the search takes ``steps`` + 2 forward and ``steps`` backward passes more.

    Args:
        epsilon: As in :class:`Smoothing`; the reference goes linearly from 0.03 to 0.3.
        steps: Steps of the ascent; 7 in the reference.
    """

    def __init__(self, epsilon: Any, steps: int = 7) -> None:
        super().__init__(epsilon)
        self.steps = steps

    def forward(
        self, mix: Mapping[str, MixWeights], generator: Generator, loss: MixLoss
    ) -> dict[str, MixWeights]:
        """One random start for every edge and operation, in the order of the cell types."""
        found = {
            name: project(shifted(weights.op_weights, self.epsilon, generator))
            for name, weights in mix.items()
        }
        with torch.no_grad():
            before = loss(mix)
        for _ in range(self.steps):
            found = self._ascend(mix, found, loss)
        moved = _replaced(mix, found)
        with torch.no_grad():
            rise = loss(moved) - before
            all_reduce(rise, op='mean')
        kept = {
            name: found[name].where(rise > 0, weights.op_weights) for name, weights in mix.items()
        }
        return _replaced(mix, kept)

    def _ascend(
        self, mix: Mapping[str, MixWeights], found: Mapping[str, Tensor], loss: MixLoss
    ) -> dict[str, Tensor]:
        leaves = {name: weights_EO.requires_grad_() for name, weights_EO in found.items()}
        grads = torch.autograd.grad(loss(_replaced(mix, leaves)), list(leaves.values()))
        for grad in grads:
            all_reduce(grad, op='mean')  # n processes are one batch, and climb alike
        length, ascended = 2 * self.epsilon / self.steps, {}
        for (name, weights_EO), grad_EO in zip(leaves.items(), grads, strict=True):
            clean_EO = mix[name].op_weights
            raised_EO = weights_EO.detach() + length * grad_EO.sign()
            near_EO = raised_EO.clamp(clean_EO - self.epsilon, clean_EO + self.epsilon)
            ascended[name] = project(near_EO)
        return ascended


def _replaced(mix: Mapping[str, MixWeights], found: Mapping[str, Tensor]) -> dict[str, MixWeights]:
    return {name: weights._replace(op_weights=found[name]) for name, weights in mix.items()}

"""The magnitude of the operation weights, as in DARTS."""

import torch
from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.base import Criterion
from ostrdet.structures import ArchState


@CRITERIA.register_module()
class Magnitude(Criterion):
    """The operation weights p of the moment; it observes nothing and has no state.

    With edge normalisation edges are ranked by p times their weight, as in PC-DARTS.
    """

    uses_edge_weights = True

    def scores(self, state: ArchState) -> dict[str, Tensor]:
        """A copy of the operation weights, float64 on the CPU; shape (E, O) each."""
        return {
            name: weights.detach().to('cpu', torch.float64, copy=True)
            for name, weights in state.op_weights.items()
        }

"""A cell of the supernet whose nodes sum all candidates of all their edges at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ostrdet.models.cells.cell import Cell
from ostrdet.models.fast import EdgeSums
from ostrdet.models.weightings import MixWeights


class FastCell(Cell):
    """The modules, parameters and sums of ``Cell``, computed with less time and memory.

    In half precision, and under autocast, the plain way is taken: statistics from a covariance need
    full precision. Nodes with edges of an unknown kind are computed the plain way too, and every
    candidate that has hooks or layers unknown to the engine is called as it is.
    """

    def forward(self, inputs: Sequence[Tensor], weights: MixWeights | None = None) -> Tensor:
        """As in ``Cell``."""
        if weights is None or not _in_full_precision(inputs[0]):
            return super().forward(inputs, weights)
        states = self.aligned(inputs)
        sources, nodes = [edge.source for edge in self.wiring], self.incoming
        sums = EdgeSums(list(self.edges), sources, nodes, weights)
        for incoming in nodes:
            if sums.knows(incoming):
                states.append(sums(incoming, states))
            else:
                states.append(self.plain_node(incoming, states, weights))
        return self.concatenated(states)


def _in_full_precision(x: Tensor) -> bool:
    is_full = x.dtype in (torch.float32, torch.float64)
    return is_full and not torch.is_autocast_enabled(x.device.type)

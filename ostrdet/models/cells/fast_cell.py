"""A cell of the supernet whose nodes sum all candidates of all their edges at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ostrdet.models.cells.cell import Cell
from ostrdet.models.fast import EdgeSums
from ostrdet.models.weightings import MixWeights


class FastCell(Cell):
    """The modules, parameters and sums of :class:`Cell`, computed with less time and memory.

    Under autocast the plain way is taken: statistics from a covariance need full precision. Nodes
    with edges of an unknown kind, and everything that has hooks, are computed the plain way too.
    """

    def forward(self, inputs: Sequence[Tensor], weights: MixWeights | None = None) -> Tensor:
        """As in :class:`Cell`."""
        if weights is None or torch.is_autocast_enabled(inputs[0].device.type):
            return super().forward(inputs, weights)
        states = self.aligned(inputs)
        sums = EdgeSums(list(self.edges), weights)
        for incoming in self.incoming:
            if sums.knows(incoming):
                sources = [self.wiring[index].source for index in incoming]
                states.append(sums(incoming, sources, states))
            else:
                states.append(self.plain_node(incoming, states, weights))
        return self.concatenated(states)

"""The supernet of a searcher, opened to criteria that evaluate it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor

from ostrdet.models.arch_updates import Batch
from ostrdet.models.searchers.mix import in_mode, kept_generators
from ostrdet.structures.probe import Probe


class SupernetProbe(Probe):
    """Losses of a supernet on fixed minibatches, with the statistics of each minibatch.

    Args:
        searcher: The searcher; its mix without a draw gives the weights of edges.
        batches: Minibatches of the architecture half, normalised.
    """

    def __init__(self, searcher: Any, batches: Sequence[Batch]) -> None:
        self.searcher, self.batches = searcher, batches
        self.num_batches, self.forward_passes = len(batches), 0

    @torch.no_grad()
    def losses(self, op_weights: Mapping[str, Tensor]) -> Tensor:
        """As in :class:`Probe`."""
        mix = {
            name: weights._replace(op_weights=op_weights[name], active=_active(op_weights[name]))
            for name, weights in self.searcher.mix().items()
        }
        network = self.searcher.bare_supernet  # in evaluation mode after a validation
        with kept_generators(self.batches[0].images), in_mode(network, training=True):
            found = [self.searcher.mix_loss(batch, mix) for batch in self.batches]
        self.forward_passes += len(found)
        losses = torch.stack(found)
        all_reduce(losses, op='mean')  # all processes judge alike
        return losses.to('cpu', torch.float64)


def _active(weights_EO: Tensor) -> Tensor | None:
    active_EO = (weights_EO != 0).cpu()
    return None if active_EO.all() else active_EO

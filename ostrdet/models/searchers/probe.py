"""The supernet of a searcher, opened to criteria that evaluate it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from ostrdet.models.arch_updates import Batch
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
        devices = [b.images.device.index for b in self.batches[:1] if b.images.is_cuda]
        # after a validation the searcher is in evaluation mode
        with torch.random.fork_rng(devices), _training(self.searcher.bare_supernet):
            found = [self.searcher.mix_loss(batch, mix) for batch in self.batches]
        self.forward_passes += len(found)
        losses = torch.stack(found)
        all_reduce(losses, op='mean')  # all processes judge alike
        return losses.to('cpu', torch.float64)


def _active(weights_EO: Tensor) -> Tensor | None:
    active_EO = (weights_EO != 0).cpu()
    return None if active_EO.all() else active_EO


@contextmanager
def _training(network: nn.Module) -> Iterator[None]:
    """Training mode, in which norms take the statistics of the minibatch; then each mode as it was."""
    modes = {module: module.training for module in network.modules()}
    network.train()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode

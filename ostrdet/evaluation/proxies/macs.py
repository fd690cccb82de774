"""The number of multiply-adds: the other baseline."""

from torch import nn

from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.models.networks.counting import count_operators, multiply_adds
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='macs')
class MACs(Proxy):
    """Multiply-adds of convolutions and linear layers for one image of the batch's size."""

    meaning = 'the number of multiply-adds for one image'

    def score(self, network: nn.Module, batch: Batch) -> float:
        """An exact integer."""
        height, width = batch.images.shape[-2:]
        counted = network.float().cpu().eval()
        return multiply_adds(count_operators(counted, height, width))

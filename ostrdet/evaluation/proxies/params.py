"""The number of parameters: the baseline that a score has to beat."""

from torch import nn

from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='params')
class Params(Proxy):
    """Parameters of the network, classifier included."""

    meaning = 'the number of parameters'

    def score(self, network: nn.Module, batch: Batch) -> float:
        """An exact integer."""
        return sum(weight.numel() for weight in network.parameters())

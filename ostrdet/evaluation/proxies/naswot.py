"""How many images of a batch fall into different linear regions of a network."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.registry import PROXIES


@PROXIES.register_module(name='naswot')
class NASWOT(Proxy):
    r"""Neural architecture search without training (Mellor et al., ICML 2021).

    With the code of an image in a ReLU the signs of what enters it: :math:`\log|\det K|`, where
    :math:`K_{ij}` is the number of units in which the codes of the images i and j agree. Only ReLUs
    count whose output reaches the logits.

    Args:
        batch_size: Images; 128 in the paper.
    """

    meaning = 'how well the signs of the ReLUs tell the images apart'

    def __init__(self, batch_size: int = 128) -> None:
        self.batch_size = batch_size

    def score(self, network: nn.Module, batch: Batch) -> float | Tensor:
        """A logarithm; minus infinity where two images have the same code."""
        codes: list[tuple[Tensor, Tensor]] = []
        for relu in [m for m in network.modules() if isinstance(m, nn.ReLU)]:
            relu.inplace = False
            relu.register_forward_hook(lambda _, x, y: codes.append((x[0].detach() > 0, y)))
        images = batch.images.clone().requires_grad_(True)  # else a ReLU of images has no node
        reached = _nodes_behind(network(images).grad_fn)
        kept = [code for code, y in codes if y.grad_fn in reached]
        if not kept:
            return -math.inf
        return kernel_score(torch.stack([agreement(code) for code in kept]).sum(dim=0))


def agreement(code: Tensor) -> Tensor:
    """In how many units the codes of two images agree: their number minus the Hamming distance.

    Args:
        code: bool, shape (N, ...).

    Returns:
        float64, shape (N, N), c c^T + (1 - c)(1 - c)^T.
    """
    on_ND = code.flatten(1).float()  # float32 counts exactly up to 16,777,216
    off_ND = 1 - on_ND
    return (on_ND @ on_ND.T + off_ND @ off_ND.T).double()


def kernel_score(kernel_NN: Tensor) -> Tensor:
    """log|det K|, float64."""
    return torch.linalg.slogdet(kernel_NN.double()).logabsdet


def _nodes_behind(node: Any) -> set[Any]:
    """All nodes of the graph of autograd from which ``node`` was computed, itself included."""
    found: set[Any] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in found:
            found.add(one)
            waiting += [behind for behind, _ in one.next_functions]
    return found

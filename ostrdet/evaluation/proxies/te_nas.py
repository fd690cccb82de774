"""Trainability and expressivity: the tangent kernel, and the linear regions of a thin network."""

import math

import torch
from torch import Tensor, nn

from ostrdet.errors import InvalidValueError
from ostrdet.evaluation.proxies.base import Batch, Proxy
from ostrdet.models.networks import DerivedCellBackbone, DerivedClassifier
from ostrdet.registry import PROXIES

#: Channels of the thin network, the fewest that a reduction can halve, and its inputs.
THIN, POINTS = 2, 3000
#: An eigenvalue below this part of the largest one is rounding.
SINGULAR = 1e-12


@PROXIES.register_module(name='te_nas')
class TENAS(Proxy):
    r"""The logarithm of linear regions over the condition number (Chen et al., ICLR 2021).

    :math:`\log R - \log \kappa`, with :math:`\kappa = \lambda_{max}/\lambda_{min}` of the neural tangent
    kernel at initialisation and R the number of sign patterns of the ReLUs of a thin network on random
    inputs. The published search sums, over the two, the ranks of the relative changes that a removal
    makes; a difference of this score is the sum of those changes, to first order.

    Args:
        batch_size: Images of the kernel; 72 in the paper.
    """

    meaning = 'how well a network trains, and how many regions it tells apart'

    def __init__(self, batch_size: int = 72) -> None:
        self.batch_size = batch_size

    def score(self, network: nn.Module, batch: Batch) -> float:
        """Minus infinity where the kernel is singular.

        Raises:
            InvalidValueError: If ``network`` is no derived classifier, so that none can be made thin.
        """
        if not isinstance(network, DerivedClassifier):
            raise InvalidValueError(
                'te_nas scores derived classifiers, of which it makes thin ones'
            )
        kappa = condition(tangent_kernel(network, batch.images))
        backbone = network.backbone
        thin = DerivedCellBackbone(backbone.genotype, THIN, 1, backbone.plan.stem.type)
        side = backbone.plan.output.stride
        inputs = torch.randn(POINTS, 3, side, side)
        regions = count_regions(sign_patterns(thin.train(), inputs))
        return math.log(regions) - math.log(kappa)


def tangent_kernel(network: nn.Module, images: Tensor) -> Tensor:
    """The neural tangent kernel of the summed logits, float64, shape (N, N).

    Args:
        network: Maps images to logits; its parameters named weight count.
        images: Shape (N, 3, H, W).
    """
    named = network.named_parameters()
    weights = [w for name, w in named if name.endswith('weight') and w.requires_grad]
    rows = [
        torch.cat(
            [
                grad.flatten()
                for grad in torch.autograd.grad(
                    logit, weights, retain_graph=True, allow_unused=True, materialize_grads=True
                )
            ]
        )
        for logit in network(images).sum(dim=1)
    ]
    grads_NW = torch.stack(rows).double()
    return grads_NW @ grads_NW.T


def condition(kernel_NN: Tensor) -> float:
    """The largest eigenvalue over the smallest; infinity where that is 0 but for rounding."""
    values_N = torch.linalg.eigvalsh(kernel_NN)
    smallest, largest = float(values_N[0]), float(values_N[-1])
    return math.inf if smallest <= SINGULAR * largest else largest / smallest


@torch.no_grad()
def sign_patterns(network: nn.Module, inputs: Tensor) -> Tensor:
    """Whether what enters each unit of a ReLU is positive: bool, shape (N, units)."""
    found: list[Tensor] = []
    for relu in [m for m in network.modules() if isinstance(m, nn.ReLU)]:
        relu.register_forward_pre_hook(lambda _, x: found.append((x[0] > 0).flatten(1)))
    network(inputs)
    return torch.cat(found, dim=1)


def count_regions(patterns_ND: Tensor) -> int:
    """The number of different patterns."""
    return len(torch.unique(patterns_ND, dim=0))


def pruning_ranks(kappa_drops_EO: Tensor, region_drops_EO: Tensor) -> Tensor:
    """The rank sums by which TE-NAS prunes: on every edge, the operation of the lowest one leaves.

    Args:
        kappa_drops_EO: The relative drop of the condition number if the operation is removed; the
            largest has rank 0.
        region_drops_EO: That of the linear regions; the smallest has rank 0.

    Returns:
        int64, shape (E, O). Ranks are over all edges; equal values share one.
    """
    return _dense_ranks(-kappa_drops_EO) + _dense_ranks(region_drops_EO)


def _dense_ranks(values_EO: Tensor) -> Tensor:
    _, ranks_EO = torch.unique(values_EO, return_inverse=True)
    return ranks_EO

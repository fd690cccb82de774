"""Parameters and multiply-adds of derived networks, as exact integers."""

from dataclasses import dataclass

import torch

from ostrdet.models.networks.counting import PER_ELEMENT, count_operators, multiply_adds, num_params
from ostrdet.networks import build_derived
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype


@dataclass(frozen=True)
class Complexity:
    """The size of a derived network; a multiply-add counts as one.

    Attributes:
        params: Parameters without the auxiliary head.
        params_aux: Parameters with it; equal to ``params`` where the layout has no such head.
        macs: Multiply-adds of convolutions and linear layers, for one image.
        macs_bn_relu: The convention of the P-DARTS and PC-DARTS papers: ``macs``, plus two for
            every element that a BatchNorm puts out and one for every element of a ReLU.
    """

    params: int
    params_aux: int
    macs: int
    macs_bn_relu: int


def complexity(genotype: Genotype, layout: str) -> Complexity:
    """Count the network of ``genotype`` at a published size.

    The weights are neither initialised nor drawn, so no random number generator moves. What is
    counted is inference: the auxiliary head has parameters, but no multiply-adds. The classifier's
    bias is not a multiply-add; the figures of NAS-Bench-201 count it, so they are larger by the
    number of classes.

    Args:
        genotype: The chosen cells.
        layout: Name of the size ('cifar10', 'cifar100', 'imagenet', ...), see the space's layouts.

    Raises:
        GenotypeError: If the genotype does not belong to its space.
        UnknownNameError: If the layout is unknown; the nearest name is offered.
    """
    with torch.device('meta'):
        network = build_derived(genotype, layout, aux=True)
    params_aux = num_params(network)
    params = params_aux - num_params(network.head.aux)
    network.to_empty(device='cpu').eval()  # a trace needs real memory
    size = build_space(genotype.space).layout(layout).image_size
    counts = count_operators(network, size, size)
    macs = multiply_adds(counts)
    per_element = sum(counts.get(name, 0) for name in PER_ELEMENT)
    return Complexity(params, params_aux, macs, macs + per_element)

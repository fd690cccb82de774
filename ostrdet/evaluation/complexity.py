"""Parameters and multiply-adds of derived networks, as exact integers."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from mmengine.analysis import FlopAnalyzer
from mmengine.analysis.jit_handles import elementwise_flop_counter
from torch import nn

from ostrdet.models.networks import build_derived
from ostrdet.spaces import build_space
from ostrdet.structures import Genotype

#: Operators whose multiply-adds count.
MULTIPLY_ADDS = ('conv', 'linear')
#: What the P-DARTS convention adds, for every element that the operator puts out.
PER_ELEMENT = {'batch_norm': 2, 'relu': 1, 'relu_': 1}


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
    params_aux = _num_params(network)
    params = params_aux - _num_params(network.head.aux)
    network.to_empty(device='cpu').eval()  # a trace needs real memory
    size = build_space(genotype.space).layout(layout).image_size
    counts = count_operators(network, size, size)
    macs = multiply_adds(counts)
    per_element = sum(counts.get(name, 0) for name in PER_ELEMENT)
    return Complexity(params, params_aux, macs, macs + per_element)


def _num_params(module: nn.Module | None) -> int:
    return 0 if module is None else sum(p.numel() for p in module.parameters())


def multiply_adds(counts: Mapping[str, int]) -> int:
    """Those of convolutions and linear layers alone."""
    return sum(counts.get(name, 0) for name in MULTIPLY_ADDS)


@torch.no_grad()
def count_operators(network: nn.Module, height: int, width: int) -> dict[str, int]:
    """What each kind of operator costs for one image (1, 3, height, width) on the CPU.

    Args:
        network: In evaluation mode, with weights of any value.
        height: In pixels.
        width: In pixels.
    """
    analyzer = FlopAnalyzer(network, torch.zeros(1, 3, height, width))
    for name, cost in PER_ELEMENT.items():
        analyzer.set_op_handle(f'aten::{name}', elementwise_flop_counter(0, cost))
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with torch.random.fork_rng(devices=[]):  # 'noise' draws
        counts = analyzer.by_operator()
    return {str(name): int(count) for name, count in counts.items()}

"""Networks at initialisation, and their scores."""

from collections.abc import Mapping

import torch

from ostrdet.evaluation.proxies.base import Batch, Proxy, own_generators
from ostrdet.models.networks import DerivedClassifier
from ostrdet.structures import Genotype, Layout


def untrained(
    genotype: Genotype, layout: Layout, seed: int, device: torch.device | str = 'cpu'
) -> DerivedClassifier:
    """The classifier of a genotype at torch's own initialisation, which ``seed`` alone decides.

    Args:
        genotype: The chosen cells.
        layout: Stem, width, depth and classes.
        seed: Of the weights; they are drawn on the CPU, so that they are the same on all devices.
        device: Where the network lies.

    Raises:
        GenotypeError: If the genotype does not belong to its space.
    """
    with own_generators(torch.device('cpu'), seed):
        network = DerivedClassifier(genotype, layout, layout.num_classes, aux=False)
    return network.to(device)


def scores(
    genotype: Genotype,
    proxies: Mapping[str, Proxy],
    layout: Layout,
    batch: Batch,
    seed: int = 0,
) -> dict[str, float]:
    """Every score of one untrained network.

    Args:
        genotype: The chosen cells.
        proxies: By name; all see the same network and the same batch.
        layout: As in :func:`untrained`.
        batch: Where it lies, the network lies too.
        seed: Of the weights, and of what scores draw.

    Raises:
        InvalidValueError: If a score needs labels, and the batch has none.
    """
    network = untrained(genotype, layout, seed, batch.images.device)
    return {name: proxy(network, batch, seed) for name, proxy in proxies.items()}

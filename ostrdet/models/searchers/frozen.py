"""Modules whose parameters are constants for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Leave the parameters of ``module`` out of graphs that are made meanwhile.

    Their gradients are then not computed, and what only they need is not kept.
    """
    parameters = [weight for weight in module.parameters() if weight.requires_grad]
    for weight in parameters:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in parameters:
            weight.requires_grad_(True)

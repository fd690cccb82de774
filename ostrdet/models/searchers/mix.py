"""The mix weights of all cell types as lists, leaves and plain data, and passes that leave no trace."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ostrdet.models.weightings import MixWeights
from ostrdet.structures import ArchState


def stack_mix(mix: Mapping[str, MixWeights]) -> list[Tensor]:
    """Weights of operations of all cell types, then those of edges where there are any."""
    edges = [weights.edge_weights for weights in mix.values()]
    return [
        *(weights.op_weights for weights in mix.values()),
        *(edge_weights for edge_weights in edges if edge_weights is not None),
    ]


def leaves_of(mix: Mapping[str, MixWeights], requires_grad: bool) -> dict[str, MixWeights]:
    """The same values, cut from the graph behind them."""

    def leaf(tensor: Tensor) -> Tensor:
        return tensor.detach().requires_grad_(requires_grad)

    return {name: _map(leaf, weights) for name, weights in mix.items()}


def kept_by(mix: Mapping[str, MixWeights], is_hard: bool) -> dict[str, Tensor] | None:
    """Which candidates a step compares, bool, (E, O) by cell type; None for all of them."""
    active = {name: weights.active for name, weights in mix.items()}
    if is_hard:
        return None
    return {name: kept_EO for name, kept_EO in active.items() if kept_EO is not None} or None


def arch_state(alphas: Mapping[str, Tensor], mix: Mapping[str, MixWeights]) -> ArchState:
    """Detached copies of alpha and its weights."""

    def copy(tensor: Tensor) -> Tensor:
        return tensor.detach().clone()

    copies = {name: _map(copy, weights) for name, weights in mix.items()}
    return ArchState(
        alphas={name: copy(alpha_EO) for name, alpha_EO in alphas.items()},
        op_weights={name: weights.op_weights for name, weights in copies.items()},
        edge_weights={name: weights.edge_weights for name, weights in copies.items()},
        set_weights={n: None if (w := m.set_weights) is None else copy(w) for n, m in mix.items()},
    )


def _map(function: Callable[[Tensor], Tensor], weights: MixWeights) -> MixWeights:
    edges = weights.edge_weights
    return weights._replace(
        op_weights=function(weights.op_weights),
        edge_weights=None if edges is None else function(edges),
        set_weights=None,  # nothing is mixed with them
    )


@contextmanager
def in_mode(network: nn.Module, training: bool) -> Iterator[None]:
    """Training or evaluation mode, of which norms take other statistics; then each mode as it was."""
    modes = {module: module.training for module in network.modules()}
    network.train(training)
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def kept_generators(like: Tensor) -> Iterator[None]:
    """Set the generators back at the end: Python's, numpy's, torch's on the CPU and where ``like`` is."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng([like.device.index] if like.is_cuda else []):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


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

"""Stem, then cells and blocks in a row: one skeleton, whatever an edge is made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from ostrdet.models.cells import Cell
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import MODELS, lookup
from ostrdet.structures import CellPlan, MacroPlan


class Skeleton(nn.Module):
    """The trunk of a macro plan.

    Args:
        plan: What stands where.
        make_cell: Makes the cell of a :class:`CellPlan`; the only thing in which a supernet and a
            derived network differ.
        with_cp: Whether to compute every layer of a derived network anew in the backward pass
            rather than keep its activations.
    """

    def __init__(
        self, plan: MacroPlan, make_cell: Callable[[CellPlan], Cell], with_cp: bool = False
    ) -> None:
        super().__init__()
        self.plan, self.with_cp = plan, with_cp
        self.stem = lookup(MODELS, plan.stem.type)(plan.stem)
        self.layers = nn.ModuleList(
            make_cell(layer) if isinstance(layer, CellPlan) else lookup(MODELS, layer.type)(layer)
            for layer in plan.layers
        )
        self.tail = lookup(MODELS, plan.tail)(plan.output) if plan.tail else nn.Identity()

    def forward(
        self, images: Tensor, weights: Mapping[str, MixWeights] | None = None
    ) -> Iterator[Tensor]:
        """Yield what every layer puts out, the last one after the tail.

        Args:
            images: Shape (N, 3, H, W).
            weights: By cell type, what a supernet mixes with; None in a derived network.
        """
        states = self.stem(images)
        last = len(self.layers) - 1
        for index, (layer, plan) in enumerate(zip(self.layers, self.plan.layers, strict=True)):
            if weights is not None and isinstance(plan, CellPlan):
                state = layer(states, weights[plan.cell_type])
            elif self.with_cp and torch.is_grad_enabled():
                state = _checkpointed(layer, states)
            else:
                state = layer(states)
            states = (*states[1:], state)
            yield self.tail(state) if index == last else state


def _checkpointed(layer: nn.Module, states: Sequence[Tensor]) -> Tensor:
    again = partial(_without_statistics, layer)
    state: Tensor = checkpoint(
        layer, states, use_reentrant=False, context_fn=lambda: (nullcontext(), again())
    )
    return state


@contextmanager
def _without_statistics(layer: nn.Module) -> Iterator[None]:
    """Leave the running statistics alone: the first of the two passes has updated them."""
    norms = [module for module in layer.modules() if isinstance(module, _BatchNorm)]
    kept = [(norm, name, buffer) for norm in norms for name, buffer in norm.named_buffers()]
    for norm, name, buffer in kept:
        setattr(norm, name, buffer.clone())
    try:
        yield
    finally:
        for norm, name, buffer in kept:
            setattr(norm, name, buffer)

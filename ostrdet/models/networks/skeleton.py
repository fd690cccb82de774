"""Stem, then cells and blocks in a row: one skeleton, whatever an edge is made of."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ostrdet.models.networks.cell import Cell
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import MODELS, lookup
from ostrdet.structures import CellPlan, MacroPlan


class Skeleton(nn.Module):
    """The trunk of a macro plan.

    Args:
        plan: What stands where.
        make_cell: Makes the cell of a :class:`CellPlan`; the only thing in which a supernet and a
            derived network differ.
        with_cp: Whether to compute every layer anew in the backward pass rather than keep its
            activations.
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
            inputs: tuple[Any, ...] = (states,)
            if weights is not None and isinstance(plan, CellPlan):
                inputs = (states, weights[plan.cell_type])
            if self.with_cp and torch.is_grad_enabled():
                state = _checkpointed(layer, *inputs)
            else:
                state = layer(*inputs)
            states = (*states[1:], state)
            yield self.tail(state) if index == last else state


def _checkpointed(layer: nn.Module, *inputs: Any) -> Tensor:
    """What ``layer`` puts out; its activations are computed anew when the backward pass needs them.

    Then with the weights of now, which a caller may have replaced or frozen for the time of this
    call, and without touching the running statistics, which the first pass has updated.
    """
    kept = {name: w if w.requires_grad else w.detach() for name, w in layer.named_parameters()}
    passes = count()

    def run(*inputs: Any) -> Tensor:
        if next(passes) == 0:
            first: Tensor = layer(*inputs)
            return first
        scratch = {name: buffer.clone() for name, buffer in layer.named_buffers()}
        again: Tensor = torch.func.functional_call(layer, {**kept, **scratch}, inputs)
        return again

    state: Tensor = checkpoint(run, *inputs, use_reentrant=False)
    return state

"""Stem, then cells and blocks in a row: one skeleton, whatever an edge is made of."""

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor, nn

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
    """

    def __init__(self, plan: MacroPlan, make_cell: Callable[[CellPlan], Cell]) -> None:
        super().__init__()
        self.plan = plan
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
            else:
                state = layer(states)
            states = (*states[1:], state)
            yield self.tail(state) if index == last else state

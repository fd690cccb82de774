"""The space of NAS-Bench-201: one small cell, every edge kept, every architecture in a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ostrdet.registry import SPACES
from ostrdet.spaces.base import SearchSpace
from ostrdet.structures import BlockPlan, CellPlan, CellSpec, FeatureSpec, Layout, MacroPlan


@SPACES.register_module()
@dataclass(frozen=True)
class NASBench201Space(SearchSpace):
    """The search space of NAS-Bench-201 (Dong and Yang, ICLR 2020).

    A cell reads the cell before it and puts out its last node; all six edges stay, and 'none' may
    be chosen. Three stages of ``num_cells`` cells, residual reductions between them.

    Args:
        ops: Candidate operations, in the benchmark's order.
        unselectable: Candidates that are never chosen.
        num_nodes: Nodes after the input.
        num_stages: Stages of equal depth; each but the first halves the size.
    """

    ops: tuple[str, ...] = ('none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3')
    num_nodes: int = 3
    num_stages: int = 3

    text_format: ClassVar[str] = 'nb201'
    fixed_output: ClassVar[bool] = True
    stems: ClassVar[Mapping[str, tuple[tuple[int, int], ...]]] = {'CIFARStem': ((1, 1),)}
    layouts: ClassVar[Mapping[str, Layout]] = {
        'cifar10': Layout('CIFARStem', 16, 5, 10, 32),
        'cifar100': Layout('CIFARStem', 16, 5, 100, 32),
        'imagenet16_120': Layout('CIFARStem', 16, 5, 120, 16),
    }

    @property
    def cells(self) -> dict[str, CellSpec]:
        """The only cell."""
        return {'cell': CellSpec(1, self.num_nodes, output=(self.num_nodes,))}

    def plan(
        self,
        stem: str,
        channels: int,
        num_cells: int,
        outputs: Mapping[str, int] | None = None,
    ) -> MacroPlan:
        """``num_stages`` stages of ``num_cells`` cells each, with a fixed block between them."""
        width = self.output_widths(outputs)['cell']
        stem_plan = self.stem_plan(stem, channels)
        (state,) = stem_plan.outputs
        layers: list[CellPlan | BlockPlan] = []
        for stage in range(self.num_stages):
            if stage:
                halved = FeatureSpec(2 * state.channels, 2 * state.stride)
                layers.append(BlockPlan('ResidualReduction', (state,), halved))
                state = halved
            for _ in range(num_cells):
                output = FeatureSpec(width * state.channels, state.stride)
                layers.append(CellPlan('cell', (state,), state.channels, 1, output))
                state = output
        return MacroPlan(stem_plan, tuple(layers), tail='NormAct')

"""The DARTS space: a normal and a reduction cell, stacked with two reductions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ostrdet.errors import InvalidValueError
from ostrdet.registry import SPACES
from ostrdet.spaces.base import SearchSpace
from ostrdet.structures import CellPlan, CellSpec, FeatureSpec, Layout, MacroPlan

#: Operations in the order of the reference implementation.
DARTS_OPS = (
    'none',
    'max_pool_3x3',
    'avg_pool_3x3',
    'skip_connect',
    'sep_conv_3x3',
    'sep_conv_5x5',
    'dil_conv_3x3',
    'dil_conv_5x5',
)


@SPACES.register_module()
@dataclass(frozen=True)
class DARTSSpace(SearchSpace):
    """The search space of DARTS (Liu et al., ICLR 2019).

    A cell reads the outputs of the two cells before it and concatenates its intermediate nodes. A
    derived node keeps the two strongest incoming edges; 'none' is never chosen. The cells at
    ``reduce_at`` of the depth are reduction cells: half the size, twice the channels.

    Args:
        ops: Candidate operations.
        unselectable: Candidates that are never chosen.
        num_nodes: Intermediate nodes per cell.
        reduce_at: Where the reduction cells stand, as fractions (numerator, denominator) of the
            number of cells.

    Raises:
        InvalidValueError: If ``reduce_at`` holds anything but fractions in [0, 1).
    """

    ops: tuple[str, ...] = DARTS_OPS
    unselectable: tuple[str, ...] = ('none',)
    num_nodes: int = 4
    reduce_at: tuple[tuple[int, int], ...] = ((1, 3), (2, 3))

    #: Edges that a node of a derived cell keeps; None keeps all.
    keep_edges: ClassVar[int | None] = 2
    normalized_in_search: ClassVar[tuple[str, ...]] = ('max_pool_3x3', 'avg_pool_3x3')
    stems: ClassVar[Mapping[str, tuple[tuple[int, int], ...]]] = {
        'CIFARStem': ((3, 1), (3, 1)),
        'ImageNetStem': ((1, 4), (1, 8)),
        'ImageNetSearchStem': ((3, 4), (3, 8)),  # of PC-DARTS' supernet alone
    }
    layouts: ClassVar[Mapping[str, Layout]] = {
        'cifar10': Layout('CIFARStem', 36, 20, 10, 32, aux_pool_stride=3),
        'cifar100': Layout('CIFARStem', 36, 20, 100, 32, aux_pool_stride=3),
        'imagenet': Layout(
            'ImageNetStem', 48, 14, 1000, 224, aux_pool_stride=2, aux_last_norm=False
        ),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for place in self.reduce_at:
            if not (isinstance(place, tuple) and len(place) == 2 and 0 <= place[0] < place[1]):
                raise InvalidValueError(
                    f'space.reduce_at={list(self.reduce_at)} holds {place}, expected fractions '
                    '(numerator, denominator) in [0, 1), such as ((1, 3), (2, 3))'
                )

    @property
    def cells(self) -> dict[str, CellSpec]:
        """The normal and the reduction cell, of one shape."""
        output = tuple(range(2, 2 + self.num_nodes))
        spec = CellSpec(2, self.num_nodes, output, self.keep_edges, preprocess=True)
        return {'normal': spec, 'reduce': spec}

    def plan(
        self,
        stem: str,
        channels: int,
        num_cells: int,
        outputs: Mapping[str, int] | None = None,
    ) -> MacroPlan:
        """``num_cells`` cells, those at ``reduce_at`` of the depth with stride 2."""
        widths = self.output_widths(outputs)
        reductions = {num_cells * numerator // of for numerator, of in self.reduce_at}
        stem_plan = self.stem_plan(stem, channels)
        states, layers = stem_plan.outputs, []
        for index in range(num_cells):
            stride = 2 if index in reductions else 1
            channels *= stride
            cell_type = 'reduce' if stride == 2 else 'normal'
            output = FeatureSpec(channels * widths[cell_type], states[-1].stride * stride)
            layers.append(CellPlan(cell_type, states, channels, stride, output))
            states = (states[-1], output)
        return MacroPlan(stem_plan, tuple(layers), aux_layer=2 * num_cells // 3)


@SPACES.register_module()
@dataclass(frozen=True)
class NASNetSpace(DARTSSpace):
    """Cells of NASNet-A and AmoebaNet-A in the skeleton of DARTS: five nodes, larger kernels.

    Their cells may read a node twice, and concatenate only the nodes that nobody else reads; how
    many is a fact of the genotype.
    """

    ops: tuple[str, ...] = (*DARTS_OPS, 'sep_conv_7x7', 'conv_7x1_1x7')
    num_nodes: int = 5

    distinct_sources: ClassVar[bool] = False

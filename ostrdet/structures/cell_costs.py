"""What the cells of a network cost, edge by edge: sums of integers over a fixed skeleton."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Union

from ostrdet.structures.cell_spec import CellSpec
from ostrdet.structures.genotype import Genotype
from ostrdet.structures.macro_plan import CellPlan, Layout, MacroPlan

#: What a network may cost: multiply-adds, parameters, or the time of a table.
MACS, PARAMS, LATENCY = UNITS = ('macs', 'params', 'latency')
#: By cell, edge and operation, shape (N, E, O).
EdgeCosts = tuple[tuple[tuple[int, ...], ...], ...]
#: What the networks of a space cost.
Costs = Union['NetworkCosts', 'CellCosts']
#: Counts a space at a size in a unit: (space, layout, unit, table of latencies or None).
CostCounter = Callable[[Any, Layout, str, Any], Costs]


class Place(NamedTuple):
    """Where an operation stands: channels, height and width of its input in pixels, and its stride."""

    channels: int
    size: int
    stride: int


def edge_places(
    plan: MacroPlan, cells: Mapping[str, CellSpec], image_size: int
) -> dict[str, list[list[Place]]]:
    """The place of every edge, by cell type, then by the cells of that type in order.

    Args:
        plan: The skeleton.
        cells: The cells of the space by cell type.
        image_size: Height and width of the images, in pixels.

    Examples:
        >>> from ostrdet.structures import FeatureSpec, StemPlan
        >>> state, half = FeatureSpec(8, 1), FeatureSpec(8, 2)
        >>> plan = MacroPlan(StemPlan('', (state,)), (CellPlan('cell', (state,), 8, 2, half),))
        >>> edge_places(plan, {'cell': CellSpec(1, 2, output=(2,))}, 31)['cell'][0]
        [Place(channels=8, size=31, stride=2), Place(channels=8, size=31, stride=2), Place(channels=8, size=16, stride=1)]
    """
    places: dict[str, list[list[Place]]] = {name: [] for name in cells}
    for layer in plan.layers:
        if isinstance(layer, CellPlan):
            spec = cells[layer.cell_type]
            # Every halving rounds up, and so do several of them at once
            before, after = (-(-image_size // s.stride) for s in (layer.inputs[-1], layer.output))
            outer = Place(layer.channels, before, layer.stride)
            inner = Place(layer.channels, after, 1)
            places[layer.cell_type].append(
                [outer if edge.source < spec.num_inputs else inner for edge in spec.edges]
            )
    return places


def all_places(plan: MacroPlan, cells: Mapping[str, CellSpec], image_size: int) -> list[Place]:
    """The different places of all edges; arguments as in :func:`edge_places`."""
    by_type = edge_places(plan, cells, image_size).values()
    return list(dict.fromkeys(place for of_type in by_type for edges in of_type for place in edges))


@dataclass(frozen=True)
class NetworkCosts:
    """The cost of a derived network as a sum over its edges.

    Attributes:
        ops: Names of the operations, in the order of the last axis of ``cells``.
        specs: The cells of the space by cell type.
        cells: By cell type, see :data:`EdgeCosts`.
        fixed: What every network of the space costs at this size: stem, classifier and whatever
            stands between.
    """

    ops: tuple[str, ...]
    specs: Mapping[str, CellSpec]
    cells: Mapping[str, EdgeCosts]
    fixed: int

    def totals(self, cell_type: str) -> list[list[int]]:
        """The costs of a choice that all cells of a type take, shape (E, O)."""
        return self._totals[cell_type]

    @cached_property
    def _totals(self) -> dict[str, list[list[int]]]:
        return {
            name: [
                [sum(one) for one in zip(*edge, strict=True)] for edge in zip(*cells, strict=True)
            ]
            for name, cells in self.cells.items()
        }

    def of(self, genotype: Genotype) -> int:
        """The cost of a network whose cells put out what their spec says."""
        return self.fixed + sum(self._of_cell(name, genotype) for name in self.specs)

    def _of_cell(self, name: str, genotype: Genotype) -> int:
        if not self.cells[name]:  # the skeleton is too short for a cell of this type
            return 0
        spec, totals = self.specs[name], self.totals(name)
        return sum(
            totals[spec.incoming(node)[source]][self.ops.index(op)]
            for node, edges in zip(spec.nodes, genotype.cells[name].nodes, strict=True)
            for op, source in edges
        )


@dataclass(frozen=True)
class CellCosts:
    """The cost of whole networks, as it was measured: no sum over their edges.

    Attributes:
        genotypes: Those that were measured.
        costs: What they cost.
    """

    genotypes: Sequence[Genotype]
    costs: Sequence[int]

    @cached_property
    def _by_cells(self) -> Mapping[Any, int]:
        keys = (frozenset(genotype.cells.items()) for genotype in self.genotypes)
        return dict(zip(keys, self.costs, strict=True))

    def of(self, genotype: Genotype) -> int:
        """The cost of a network; a KeyError if it was not measured."""
        return self._by_cells[frozenset(genotype.cells.items())]

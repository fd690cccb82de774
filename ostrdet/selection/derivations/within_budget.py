"""The genotype of the greatest score that fits a device."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import DERIVATIONS
from ostrdet.selection.derivations.base import Derivation
from ostrdet.selection.derivations.knapsack import Front, Ints, Items, front_of, merged
from ostrdet.selection.derivations.shares import shares
from ostrdet.spaces import SearchSpace
from ostrdet.structures import CellGenotype, Genotype
from ostrdet.structures.amount import amount
from ostrdet.structures.cell_costs import CostCounter, NetworkCosts
from ostrdet.structures.latency_table import PER_MILLISECOND, LatencyTable

#: A share of 1 as a whole number.
ONE = 2**52
WHERE = 'default_hooks.selector.derivation'
EdgeWeights = Mapping[str, Tensor | None] | None


@dataclass(frozen=True)
class Choice:
    """A genotype and its score: the sum of its shares, at most one per kept edge."""

    genotype: Genotype
    score: float


@DERIVATIONS.register_module()
class WithinBudget(Derivation):
    """The genotype of the greatest total score among all that fit the budgets; exact.

    On every edge the score of an operation is its share of the sum over the edge, times the weight of
    the edge where there is one, so that edges compare. Every node keeps as many edges as the space says.
    Of equal scores the cheapest genotype is taken, then the first in declared order.

    Args:
        max_macs: Multiply-adds of the derived network for one image: a whole number, or text such as
            '600M'; None for any.
        max_params: Parameters without the auxiliary head, likewise.
        max_latency: Milliseconds of the operations, by ``table``.
        layout: Published size of the derived network.
        table: CSV file of latencies, see :class:`LatencyTable`.
        max_edges: As in :class:`Derivation`.

    Raises:
        InvalidValueError: If there is no budget, a number is out of range, or a table is missing or too
            many.
        FileNotFoundError: If there is no such table.
    """

    def __init__(
        self,
        max_macs: int | str | None = None,
        max_params: int | str | None = None,
        max_latency: float | None = None,
        layout: str = 'cifar10',
        table: str | os.PathLike[str] | None = None,
        max_edges: int | None = None,
    ) -> None:
        super().__init__(max_edges)
        self.budgets: dict[str, int] = {}
        if max_macs is not None:
            self.budgets['macs'] = amount(max_macs, f'{WHERE}.max_macs')
        if max_params is not None:
            self.budgets['params'] = amount(max_params, f'{WHERE}.max_params')
        if max_latency is not None:
            self.budgets['latency'] = _nanoseconds(max_latency)
        if not self.budgets:
            raise InvalidValueError(
                f'{WHERE}: WithinBudget without a budget; set max_macs, max_params or max_latency'
            )
        if (table is None) == (max_latency is not None):
            raise InvalidValueError(
                f'{WHERE}: max_latency={max_latency!r} with table={table!r}; set both or neither'
            )
        self.layout = layout
        self.table = None if table is None else LatencyTable(table)
        self.costs: dict[str, NetworkCosts] = {}

    def prepare(self, space: SearchSpace, count: CostCounter) -> None:
        """Count the candidates, and check that some genotype fits.

        Raises:
            UnknownNameError: If the space has no such layout.
            InvalidValueError: If no genotype fits, with the smallest possible cost.
        """
        size = space.layout(self.layout)
        self.costs = {unit: count(space, size, unit, self.table) for unit in self.budgets}
        zeros = {
            name: np.zeros((len(spec.edges), len(space.ops)), np.int64)
            for name, spec in space.cells.items()
        }
        self._best(space, zeros, self.budgets)

    def __call__(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: EdgeWeights = None,
        tie_rtol: float = 0.0,
    ) -> Genotype:
        """As in :class:`Derivation`, after :meth:`prepare`."""
        return self.choose(space, scores, edge_weights, tie_rtol).genotype

    def choose(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: EdgeWeights = None,
        tie_rtol: float = 0.0,
        bounded: bool = True,
    ) -> Choice:
        """The best genotype and its score; arguments and errors as in :class:`Derivation`.

        Args:
            space: The search space, as the next three.
            scores: By cell type.
            edge_weights: By cell type.
            tie_rtol: Relative distance of ties.
            bounded: False for the best genotype whatever it costs.
        """
        parts = shares(space, scores, edge_weights, tie_rtol)
        whole = {name: np.rint(part * ONE).astype(np.int64) for name, part in parts.items()}
        return self._best(space, whole, self.budgets if bounded else {})

    def _best(
        self, space: SearchSpace, whole: Mapping[str, Ints], budgets: Mapping[str, int]
    ) -> Choice:
        assert self.costs, 'prepare() counts the costs first'
        limits = np.array(
            [
                budgets.get(unit, np.iinfo(np.int64).max // 2) - c.fixed
                for unit, c in self.costs.items()
            ]
        )
        items = {name: self._items(space, name, whole[name]) for name in space.cells}
        fronts = {name: front_of(one, limits) for name, one in items.items()}
        front = merged(list(fronts.values()), limits)
        if not len(front.scores):
            raise self._nothing_fits(space)
        row = front.best()
        cells = {
            name: self._cell(space, name, fronts[name], index)
            for name, index in zip(fronts, front.choices[row].tolist(), strict=True)
        }
        genotype = Genotype(space.to_config(), cells)
        space.validate(genotype)
        return Choice(genotype, front.scores[row].item() / ONE)

    def _items(self, space: SearchSpace, name: str, scores: Ints, only: str = '') -> Items:
        spec, index = space.cells[name], space.ops.index
        units = [only] if only else list(self.costs)
        shape = (len(spec.edges), len(space.ops))
        costs = [
            np.array(self.costs[unit].totals(name) or np.zeros(shape), np.int64) for unit in units
        ]
        edges = range(len(spec.edges))
        return Items(
            spec,
            [min(spec.kept(node), self.max_edges or node) for node in spec.nodes],
            [[index(op) for op in space.selectable_ops_of(name, edge)] for edge in edges],
            scores,
            np.stack(costs, axis=-1),
        )

    def _cell(self, space: SearchSpace, name: str, front: Front, row: int) -> CellGenotype:
        spec, ops = space.cells[name], front.choices[row].tolist()
        nodes = tuple(
            tuple(
                (space.ops[ops[e]], spec.edges[e].source)
                for e in spec.incoming(node)
                if ops[e] >= 0
            )
            for node in spec.nodes
        )
        return CellGenotype(nodes, spec.output)

    def _nothing_fits(self, space: SearchSpace) -> InvalidValueError:
        least = []
        for unit, budget in self.budgets.items():
            smallest = self.costs[unit].fixed + sum(
                int(self._cheapest(space, name, unit)) for name in space.cells
            )
            least.append(f'{_shown(unit, smallest)} (budget {_shown(unit, budget)})')
        return InvalidValueError(
            f"{WHERE}: no genotype of {type(space).__name__} fits at layout '{self.layout}'; the "
            f'smallest possible cost is {", ".join(least)}; raise the budget, or take a smaller layout'
        )

    def _cheapest(self, space: SearchSpace, name: str, unit: str) -> Any:
        spec = space.cells[name]
        zeros = np.zeros((len(spec.edges), len(space.ops)), np.int64)
        items = self._items(space, name, zeros, only=unit)
        return front_of(items, np.array([np.iinfo(np.int64).max // 2])).costs.min()


def _nanoseconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise InvalidValueError(f'{WHERE}.max_latency={value!r}, expected milliseconds, above 0')
    return round(value * PER_MILLISECOND)


def _shown(unit: str, cost: int) -> str:
    return f'{cost / PER_MILLISECOND:g} ms' if unit == 'latency' else f'{unit} {cost:,}'

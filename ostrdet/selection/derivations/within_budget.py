"""The genotype of the greatest score that fits a device."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.registry import DERIVATIONS
from ostrdet.selection.derivations.base import Derivation
from ostrdet.selection.derivations.knapsack import Front, Ints
from ostrdet.selection.derivations.menus import UNLIMITED, ListMenu, Menu, SumMenu
from ostrdet.selection.derivations.shares import shares
from ostrdet.spaces import SearchSpace
from ostrdet.structures import Genotype
from ostrdet.structures.amount import amount
from ostrdet.structures.budget_front import FrontPoint
from ostrdet.structures.cell_costs import LATENCY, CostCounter, Costs, NetworkCosts
from ostrdet.structures.latency_table import PER_MILLISECOND, CellLatencies, LatencyTable

#: A share of 1 as a whole number.
ONE = 2**52
WHERE = 'default_hooks.selector.derivation'
AnyPath = str | os.PathLike[str]
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
        max_latency: Milliseconds, by ``table``.
        layout: Published size of the derived network.
        table: CSV file of latencies: of operations, see :class:`LatencyTable`, whose sum over the edges
            counts; or, with ``device``, of whole networks by cell, where only the cells that it lists can
            be chosen. A file that numbers its cells needs one beside it that names them: then a list.
        device: The column of a table by cell.
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
        table: AnyPath | Sequence[AnyPath] | None = None,
        device: str | None = None,
        max_edges: int | None = None,
    ) -> None:
        super().__init__(max_edges)
        self.budgets: dict[str, int] = {}
        if max_macs is not None:
            self.budgets['macs'] = amount(max_macs, f'{WHERE}.max_macs')
        if max_params is not None:
            self.budgets['params'] = amount(max_params, f'{WHERE}.max_params')
        if max_latency is not None:
            self.budgets[LATENCY] = _nanoseconds(max_latency)
        if not self.budgets:
            raise InvalidValueError(
                f'{WHERE}: WithinBudget without a budget; set max_macs, max_params or max_latency'
            )
        if (table is None) == (max_latency is not None):
            raise InvalidValueError(
                f'{WHERE}: max_latency={max_latency!r} with table={table!r}; set both or neither'
            )
        self.layout = layout
        self.table = _table(table, device)
        self.costs: dict[str, Costs] = {}
        self.menu: Menu | None = None

    def prepare(self, space: SearchSpace, count: CostCounter) -> None:
        """Count the candidates, and check that some genotype fits.

        Raises:
            UnknownNameError: If the space has no such layout, or the table no such device.
            InvalidValueError: If no genotype fits, with the smallest possible cost.
            FileNotFoundError: If there is no such table.
        """
        size = space.layout(self.layout)
        self.costs = {unit: count(space, size, unit, self.table) for unit in self.budgets}
        sums = {unit: one for unit, one in self.costs.items() if isinstance(one, NetworkCosts)}
        self.menu = (
            SumMenu(space, sums, self.max_edges)
            if len(sums) == len(self.costs)
            else ListMenu(space, self.costs)
        )
        if not len(self._costs_within(self.menu, self.budgets)):
            raise self._nothing_fits(self.menu)

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
        budgets = self.budgets if bounded else {}
        menu, found = self._front(space, scores, edge_weights, tie_rtol, budgets)
        row = found.best()
        return Choice(menu.genotype(found.choices[row]), found.scores[row].item() / ONE)

    def front(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: EdgeWeights = None,
        tie_rtol: float = 0.0,
    ) -> list[FrontPoint]:
        """What every budget chooses, unit by unit, from the cheapest to the free choice.

        A unit that has a budget is varied while the others keep theirs; each point is a budget at which
        the choice changes, so between two of them the lower one holds. Arguments and errors as in
        :class:`Derivation`.
        """
        given = (space, scores, edge_weights, tie_rtol)
        free = self.choose(*given, bounded=False).score
        points = []
        for column, (unit, budget) in enumerate(self.budgets.items()):
            others = {name: limit for name, limit in self.budgets.items() if name != unit}
            menu, found = self._front(*given, others)
            points += [
                FrontPoint(
                    unit,
                    _amount(unit, budget),
                    _amount(unit, found.costs[row, column].item()),
                    found.scores[row].item() / ONE,
                    found.scores[row].item() / ONE / free if free else 1.0,
                    space.format(menu.genotype(found.choices[row])),
                )
                for row in found.steps(column)
            ]
        return points

    def _front(
        self,
        space: SearchSpace,
        scores: Mapping[str, Tensor],
        edge_weights: EdgeWeights,
        tie_rtol: float,
        budgets: Mapping[str, int],
    ) -> tuple[Menu, Front]:
        assert self.menu is not None, 'prepare() counts the costs first'
        parts = shares(space, scores, edge_weights, tie_rtol)
        whole = {name: np.rint(part * ONE).astype(np.int64) for name, part in parts.items()}
        return self.menu, self.menu.front(whole, self._limits(budgets))

    def _limits(self, budgets: Mapping[str, int]) -> Ints:
        return np.array([budgets.get(unit, UNLIMITED) for unit in self.costs])

    def _costs_within(self, menu: Menu, budgets: Mapping[str, int]) -> Ints:
        """Costs of genotypes that fit, (S, K), the smallest of every unit among them."""
        zeros = {
            name: np.zeros((len(spec.edges), len(menu.space.ops)), np.int64)
            for name, spec in menu.space.cells.items()
        }
        return menu.front(zeros, self._limits(budgets)).costs

    def _nothing_fits(self, menu: Menu) -> InvalidValueError:
        least = []
        for column, (unit, budget) in enumerate(self.budgets.items()):
            others = {name: limit for name, limit in self.budgets.items() if name != unit}
            costs = self._costs_within(menu, others)[:, column]
            smallest = costs.min().item() if len(costs) else menu.least(unit)
            least.append(f'{_shown(unit, smallest)} (budget {_shown(unit, budget)})')
        kept = ', with the other budgets kept,' if len(least) > 1 else ''
        return InvalidValueError(
            f"{WHERE}: no genotype of {type(menu.space).__name__} fits at layout '{self.layout}'; the "
            f'smallest possible cost{kept} is {", ".join(least)}; raise the budget, or take a smaller '
            'layout'
        )


def _table(
    table: AnyPath | Sequence[AnyPath] | None, device: str | None
) -> LatencyTable | CellLatencies | None:
    paths = [table] if isinstance(table, str | os.PathLike) else list(table or ())
    if device is not None:
        if not paths:
            raise InvalidValueError(f'{WHERE}.device={device!r} without a table; set table too')
        return CellLatencies(tuple(map(str, paths)), device)
    if len(paths) > 1:
        raise InvalidValueError(
            f'{WHERE}.table={list(map(str, paths))}, expected one file, or device=NAME for a table by cell'
        )
    return LatencyTable(paths[0]) if paths else None


def _nanoseconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise InvalidValueError(f'{WHERE}.max_latency={value!r}, expected milliseconds, above 0')
    return round(value * PER_MILLISECOND)


def _amount(unit: str, cost: int) -> float:
    return cost / PER_MILLISECOND if unit == LATENCY else cost


def _shown(unit: str, cost: int) -> str:
    return f'{cost / PER_MILLISECOND:g} ms' if unit == LATENCY else f'{unit} {cost:,}'

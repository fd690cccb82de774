"""The best choice of edges and operations within budgets: exact, by dynamic programming.

Scores and costs are whole numbers, so that sums are exact in any order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ostrdet.structures import CellSpec

Ints = NDArray[np.int64]
#: The kept edges of a cell, each with the index of its operation.
Chosen = tuple[tuple[int, int], ...]
#: More states than that are not compared pair by pair; they stay, which is right, but slower.
MOST_COMPARED = 4000


@dataclass(frozen=True)
class Items:
    """What a cell type offers: operations on edges, each with its score and its costs.

    Attributes:
        spec: The cell.
        keep: Edges that every node keeps, by node.
        ops: By edge, the indices of the operations that it may hold, in declared order.
        scores: Shape (E, O).
        costs: In every unit that has a budget, shape (E, O, K).
    """

    spec: CellSpec
    keep: Sequence[int]
    ops: Sequence[Sequence[int]]
    scores: Ints
    costs: Ints


@dataclass(frozen=True)
class Front:
    """Choices of which none is dominated: cheaper in no unit costs score.

    Attributes:
        scores: Shape (S,).
        costs: Shape (S, K).
        choices: Indices into what a front was made of, shape (S, ...).
    """

    scores: Ints
    costs: Ints
    choices: Ints

    def best(self) -> int:
        """The choice of the highest score; of several the cheapest, then the first."""
        return int(self._by_merit()[0])

    def steps(self, unit: int) -> list[int]:
        """The choices that are the best of some budget in one unit, from the cheapest on.

        Args:
            unit: Column of the costs.

        Returns:
            Rows; each is :meth:`best` of those that cost no more, up to the next one.
        """
        rows: list[int] = []
        least = np.iinfo(np.int64).max
        # From the best on, whatever is cheaper than all that are better takes over below them
        for row in self._by_merit().tolist():
            if self.costs[row, unit] < least:
                least = self.costs[row, unit].item()
                rows.append(row)
        return rows[::-1]

    def _by_merit(self) -> Any:
        return np.lexsort((*self.costs.T[::-1], -self.scores))


def front_of(items: Items, budgets: Ints) -> Front:
    """The choices of a cell type within budgets.

    Returns:
        ``choices`` has a column per edge: the index of the operation, or -1 where none is kept.
    """
    num_edges, num_costs = items.costs.shape[0], items.costs.shape[2]
    front = Front(
        np.zeros(1, np.int64),
        np.zeros((1, num_costs), np.int64),
        np.full((1, num_edges), -1, np.int64),
    )
    for node, keep in zip(items.spec.nodes, items.keep, strict=True):
        by_count = {0: front}
        incoming = items.spec.incoming(node)
        for edge in incoming:
            left = incoming[-1] - edge
            by_count = {
                count: pruned(parts, budgets)
                for count in range(max(keep - left, 0), keep + 1)
                if (parts := list(_reaching(count, by_count, items, edge)))
            }
        front = by_count[keep]
    return front


def _reaching(count: int, by_count: dict[int, Front], items: Items, edge: int) -> Iterator[Front]:
    """The fronts with ``count`` kept edges after this one: those that take it, then those that don't."""
    if (before := by_count.get(count - 1)) is not None:
        for op in items.ops[edge]:
            choices = before.choices.copy()
            choices[:, edge] = op
            yield Front(
                before.scores + items.scores[edge, op],
                before.costs + items.costs[edge, op],
                choices,
            )
    if (same := by_count.get(count)) is not None:
        yield same


def merged(fronts: Sequence[Front], budgets: Ints) -> Front:
    """The choices of all cell types together; ``choices`` has a column per front, a row in it."""
    found = Front(
        np.zeros(1, np.int64),
        np.zeros((1, len(budgets)), np.int64),
        np.zeros((1, 0), np.int64),
    )
    for front in fronts:
        before = np.repeat(np.arange(len(found.scores)), len(front.scores))
        own = np.tile(np.arange(len(front.scores)), len(found.scores))
        pairs = Front(
            found.scores[before] + front.scores[own],
            found.costs[before] + front.costs[own],
            np.hstack([found.choices[before], own[:, None]]),
        )
        found = pruned([pairs], budgets)
    return found


def pruned(parts: Sequence[Front], budgets: Ints) -> Front:
    """All choices of ``parts`` within the budgets, but those that another one dominates."""
    scores = np.concatenate([part.scores for part in parts])
    costs = np.concatenate([part.costs for part in parts])
    choices = np.concatenate([part.choices for part in parts])
    # By the first cost, then the others, then score; of equals the first stays first
    order = np.lexsort((-scores, *costs.T[::-1]))
    order = order[(costs[order] <= budgets).all(axis=1)]
    order = order[_undominated(scores[order], costs[order])]
    return Front(scores[order], costs[order], choices[order])


def _undominated(scores: Ints, costs: Ints) -> Any:
    """Which rows no earlier row beats; rows are sorted by costs, then by falling score."""
    if not len(scores):
        return np.zeros(0, bool)
    if costs.shape[1] == 1:
        highest = np.maximum.accumulate(scores)
        return np.concatenate([[True], scores[1:] > highest[:-1]])
    is_first = np.concatenate([[True], (costs[1:] != costs[:-1]).any(axis=1)])
    if is_first.sum() > MOST_COMPARED:
        return is_first
    rows = np.flatnonzero(is_first)
    cheaper = (costs[rows, None] <= costs[None, rows]).all(axis=2)
    beats = cheaper & (scores[rows, None] >= scores[None, rows])
    np.fill_diagonal(beats, val=False)
    is_first[rows[beats.any(axis=0)]] = False
    return is_first

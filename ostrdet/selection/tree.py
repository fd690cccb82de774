"""Search down a tree of operations, some edges at a time (TNAS)."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from random import Random

import torch
from torch import Tensor

from ostrdet.registry import CRITERIA
from ostrdet.selection.evaluating import EvaluatingCriterion
from ostrdet.structures import ArchState
from ostrdet.structures.probe import MEASURES, Probe

#: Operations that are left on every edge, the best first.
Left = list[list[int]]


@CRITERIA.register_module()
class TreeSearch(EvaluatingCriterion):
    """Halves the operations of some edges at a time, and keeps what the supernet does best with.

    The operations of an edge are a binary tree by their weights: the two largest ones, and the others.
    Edges are taken in random order, ``depth`` at a time; of all combinations of their groups the best
    one is kept. Once all edges have been through that, it starts anew inside the groups that were kept,
    until every edge has one operation (Qian et al., CVPR 2022). A group mixes with the weights of the
    search, scaled to the sum that the edge had. The reference trains a copy of the supernet for every
    combination; here none is trained, and all are judged on the same minibatches.

    Scores are 1 plus the weight for the kept operation, and the weight for the others: where nodes choose
    among edges, those of the larger weight stay.

    Args:
        batches: As in :class:`EvaluatingCriterion`.
        when: 'end' or 'epoch'.
        depth: Edges at a time, from 1; published are 4, and 6 in the code for NAS-Bench-201.
        measure: 'accuracy', as published, or 'loss'.
        seed: Of the order of edges.
    """

    meaning = 'whether a search down the tree of operations ends at the operation'
    cost = 'about L 2^D B E / D, with L levels of a tree and D edges at a time, E of all cell types'

    def __init__(
        self,
        batches: int | None = None,
        when: str = 'end',
        depth: int = 4,
        measure: str = 'accuracy',
        seed: int = 0,
    ) -> None:
        super().__init__(batches, when)
        self._check_count('depth', depth, 1)
        self._check_choice('measure', measure, MEASURES)
        self.depth, self.measure, self.seed = depth, measure, seed

    def judge(self, probe: Probe, state: ArchState) -> dict[str, Tensor]:
        """By going down; see the class."""
        space, weights = probe.space, state.op_weights
        edges = [(name, edge) for name in weights for edge in range(len(weights[name]))]
        left = []
        for name, edge in edges:
            ops = [space.ops.index(op) for op in space.selectable_ops_of(name, edge)]
            row_O = weights[name][edge].tolist()
            left.append(sorted(ops, key=row_O.__getitem__, reverse=True))
        seen: dict[str, float] = {}

        def worth(groups: Left) -> float:
            if (key := str(groups)) not in seen:
                mix = restricted(weights, dict(zip(edges, groups, strict=True)))
                seen[key] = probe.measure(mix).by(self.measure).mean().item()
            return seen[key]

        ends = descend(left, worth, self.depth, Random(self.seed))
        self.facts = {self.measure: abs(worth(ends)), 'candidates': len(seen)}
        found = {name: weights[name].detach().double().cpu().clone() for name in weights}
        for (name, edge), (op,) in zip(edges, ends, strict=True):
            found[name][edge, op] += 1
        return found


def descend(left: Left, worth: Callable[[Left], float], depth: int, random: Random) -> Left:
    """Go down the trees of all edges, level by level, until each has one operation.

    Args:
        left: Operations of every edge, the best first.
        worth: Any score of what is left on the edges; higher is better.
        depth: Edges at a time.
        random: Draws the order of the edges, anew for every level.

    Returns:
        One operation per edge; of equal combinations the one of the better groups.

    Examples:
        >>> descend([[1, 0, 3, 4, 2]], lambda left: max(left[0]), 4, Random(0))
        [[4]]
    """
    left = [list(ops) for ops in left]
    while any(len(ops) > 1 for ops in left):
        order = [edge for edge, ops in enumerate(left) if len(ops) > 1]
        random.shuffle(order)
        for start in range(0, len(order), depth):
            some = order[start : start + depth]
            tried = [
                [dict(zip(some, chosen, strict=True)).get(e, ops) for e, ops in enumerate(left)]
                for chosen in itertools.product(*(groups(left[edge]) for edge in some))
            ]
            left = max(tried, key=worth)
    return left


def groups(ops: Sequence[int]) -> tuple[list[int], list[int]]:
    """The two children of a node of the tree of operations: the two best, and the others.

    Args:
        ops: At least two, the best first; two are parted.

    Examples:
        >>> groups([1, 4, 3, 0, 2])
        ([1, 4], [3, 0, 2])
    """
    first = 2 if len(ops) > 2 else 1
    return list(ops[:first]), list(ops[first:])


def restricted(
    weights: Mapping[str, Tensor], left: Mapping[tuple[str, int], Sequence[int]]
) -> dict[str, Tensor]:
    """Weights of operations without those that are not left; the sum of every edge stays.

    Args:
        weights: By cell type, shape (E, O).
        left: Operations by cell type and edge.
    """
    found = {}
    for name, p_EO in weights.items():
        mask_EO = torch.zeros_like(p_EO)
        for edge in range(len(p_EO)):
            mask_EO[edge, list(left[name, edge])] = 1
        kept_EO = p_EO * mask_EO
        scale_E1 = p_EO.sum(-1, keepdim=True) / kept_EO.sum(-1, keepdim=True)
        found[name] = kept_EO * scale_E1
    return found

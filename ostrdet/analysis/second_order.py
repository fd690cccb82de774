"""How well signed estimates of the loss change foretell it: of first order, and of second."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ostrdet.analysis.output import Row
from ostrdet.analysis.ranks import spearman
from ostrdet.evaluation.seed_statistics import spread
from ostrdet.kernels.curvature import hessian_operator
from ostrdet.models.searchers.mix import leaves_of
from ostrdet.models.weightings import MixWeights
from ostrdet.selection.second_order import block_curvature, diagonal_blocks
from ostrdet.spaces import SearchSpace

Mix = Mapping[str, MixWeights]
#: The loss of one minibatch, a scalar, under mix weights by cell type; differentiable in them.
Loss = Callable[[Mix], Tensor]
ByCell = Mapping[str, Tensor]


def exact_curvatures(losses: Sequence[Loss], mix: Mix) -> dict[str, Tensor]:
    """phi'' of every selection, the mean over minibatches, by exact Hessian-vector products.

    One product for every weight, E O of all cell types together, of about six forward passes each.

    Args:
        losses: The loss of every minibatch, twice differentiable.
        mix: Weights by cell type.

    Returns:
        By cell type, shape (E, O), float64 on the CPU.
    """
    leaves = leaves_of(mix, requires_grad=True)
    weights = [each.op_weights for each in leaves.values()]
    shapes = [(w.shape[0], w.shape[1]) for w in weights]
    size = sum(w.numel() for w in weights)
    total = torch.zeros(size, size, dtype=torch.float64)
    for loss in losses:  # one after the other, so that one graph at a time is in memory
        total += torch.from_numpy(_operator(loss, leaves, weights) @ np.eye(size))
    blocks = diagonal_blocks(total / len(losses), shapes)
    return {
        name: block_curvature(w.detach().to('cpu', torch.float64), blocks_EOO)
        for name, w, blocks_EOO in zip(leaves, weights, blocks, strict=True)
    }


def _operator(loss: Loss, leaves: Mix, weights: Sequence[Tensor]) -> Any:
    return hessian_operator([lambda: loss(leaves)], weights)


def foretold(space: SearchSpace, true: ByCell, estimates: Mapping[str, ByCell]) -> list[Row]:
    """A row per estimate: how it ranks and meets the true changes, both with their sign.

    Args:
        space: The space of the search.
        true: The changes of the loss by cell type, shape (E, O).
        estimates: By name, estimates of them, likewise.

    Returns:
        Spearman's correlation over all candidates, its mean and standard deviation over edges; the
        mean of the error's absolute value, in nats; the part of edges on which the estimate names the
        selectable operation that raises the loss least.
    """
    return [
        {'estimate': name, **_measures(space, true, by_cell)} for name, by_cell in estimates.items()
    ]


def _measures(space: SearchSpace, true: ByCell, estimate: ByCell) -> dict[str, float]:
    rows = list(_edges(space, true, estimate))
    truth, guess = (torch.cat([row[side] for row in rows]) for side in (0, 1))
    of_edges = spread(spearman(g.tolist(), t.tolist()) for t, g in rows)
    selectable = [space.ops.index(op) for op in space.selectable_ops]
    best = [t[selectable].argmin() == g[selectable].argmin() for t, g in rows]
    return {
        'all candidates': spearman(guess.tolist(), truth.tolist()),
        'mean over edges': of_edges.mean,
        'std over edges': of_edges.std,
        'mean error': (guess - truth).abs().mean().item(),
        'best found': sum(map(bool, best)) / len(best),
    }


def _edges(space: SearchSpace, true: ByCell, estimate: ByCell) -> Iterator[tuple[Tensor, Tensor]]:
    for name in space.cells:
        yield from zip(true[name], estimate[name], strict=True)

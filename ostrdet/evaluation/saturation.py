"""What the criteria say of an operation whose weight grows to one, the limitation of the paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ostrdet.evaluation.loss_change import Loss, Mix, first_order, selecting, with_row


@dataclass(frozen=True)
class SaturationPoint:
    """One edge on which an operation has the weight ``weight``.

    Attributes:
        weight: Weight p of the operation, in [0, 1); the others share the rest as they did.
        selecting: L(o in place of f) - L.
        removing: L(without the term of o) - L; the others keep their weights.
        star: First-order estimate of ``selecting``, the signed form of OStr*.
        strength: p times that, the signed form of OStr.
        saliency: First-order estimate of ``removing``, the signed form of pruning saliency.
    """

    weight: float
    selecting: float
    removing: float
    star: float
    strength: float
    saliency: float


def saturate(
    loss: Loss, mix: Mix, cell_type: str, edge: int, op: int, weights: Sequence[float]
) -> list[SaturationPoint]:
    """Move the weight of one operation, and see what the loss and the estimates do.

    Args:
        loss: The loss of a minibatch.
        mix: Weights by cell type; all edges but one keep them.
        cell_type: The cell type of the edge.
        edge: The edge, as a row of alpha.
        op: The operation, as a column of alpha.
        weights: The weights to try, in [0, 1).
    """
    with torch.no_grad():
        selected = loss(selecting(mix, cell_type, edge, op)).item()
    start_O = mix[cell_type].op_weights[edge].detach()
    others_O = start_O.clone()
    others_O[op] = 0
    others_O = others_O / others_O.sum()
    return [_point(loss, mix, (cell_type, edge, op), w, others_O, selected) for w in weights]


def _point(
    loss: Loss,
    mix: Mix,
    where: tuple[str, int, int],
    weight: float,
    others_O: Tensor,
    selected: float,
) -> SaturationPoint:
    cell_type, edge, op = where
    without_O = (1 - weight) * others_O
    row_O = without_O.clone()
    row_O[op] = weight
    moved = with_row(mix, cell_type, edge, row_O)
    weights_EO = moved[cell_type].op_weights.requires_grad_()
    before = loss(moved)
    (grad_EO,) = torch.autograd.grad(before, weights_EO)
    with torch.no_grad():
        removed = loss(with_row(mix, cell_type, edge, without_O)).item()
    star = first_order(weights_EO.detach(), grad_EO)[edge, op].item()
    return SaturationPoint(
        weight=weight,
        selecting=selected - before.item(),
        removing=removed - before.item(),
        star=star,
        strength=weight * star,
        saliency=-weight * grad_EO[edge, op].item(),
    )

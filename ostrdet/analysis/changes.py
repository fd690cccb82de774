"""What selecting an operation does to the loss, against what the criteria estimate."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ostrdet.analysis.second_order import Loss, Mix, exact_curvatures
from ostrdet.models.searchers.mix import arch_state, leaves_of
from ostrdet.models.weightings import MixWeights
from ostrdet.selection import Criterion
from ostrdet.selection.functional import first_order_change
from ostrdet.spaces import SearchSpace
from ostrdet.structures import ArchStep, Edge
from ostrdet.structures.arch_step import Pairs


@dataclass(frozen=True)
class LossChanges:
    """The changes of the loss, by cell type, shape (E, O) each, float64 on the CPU.

    Attributes:
        true: L(o in place of f) - L, the mean over minibatches.
        true_abs: The mean over minibatches of its absolute value.
        first_order: The first-order estimate of ``true``, with its sign: see :func:`first_order_change`.
        second_order: The second-order one by the exact Hessian: see :func:`second_order_change`. Empty if
            it was not asked for.
        scores: By criterion, what it gives for the same minibatches.
    """

    true: Mapping[str, Tensor]
    true_abs: Mapping[str, Tensor]
    first_order: Mapping[str, Tensor]
    second_order: Mapping[str, Tensor]
    scores: Mapping[str, Mapping[str, Tensor]]


@dataclass(frozen=True)
class Candidate:
    """One operation on one edge.

    Attributes:
        cell_type: The cell type.
        edge: Source and target.
        op: Name of the operation.
        weight: Its weight p.
        true: As in :class:`LossChanges`.
        true_abs: Likewise.
        first_order: Likewise.
        second_order: Likewise; None if it was not asked for.
        scores: By criterion.
    """

    cell_type: str
    edge: Edge
    op: str
    weight: float
    true: float
    true_abs: float
    first_order: float
    second_order: float | None
    scores: Mapping[str, float]


def candidates(
    space: SearchSpace, op_weights: Mapping[str, Tensor], found: LossChanges
) -> list[Candidate]:
    """What was found, operation by operation.

    Args:
        space: The space of the search.
        op_weights: Weights of the candidates by cell type, shape (E, O).
        found: The changes.
    """
    return [
        Candidate(
            name,
            edge,
            op,
            weight=op_weights[name][e, o].item(),
            true=found.true[name][e, o].item(),
            true_abs=found.true_abs[name][e, o].item(),
            first_order=found.first_order[name][e, o].item(),
            second_order=found.second_order[name][e, o].item() if found.second_order else None,
            scores={
                criterion: scores[name][e, o].item() for criterion, scores in found.scores.items()
            },
        )
        for name, spec in space.cells.items()
        for e, edge in enumerate(spec.edges)
        for o, op in enumerate(space.ops)
    ]


def selecting(mix: Mix, cell_type: str, edge: int, op: int) -> dict[str, MixWeights]:
    """``mix`` with one operation in place of the mixture of one edge, all else as it is.

    Args:
        mix: Weights by cell type.
        cell_type: The cell type; all cells that share its weights change.
        edge: The edge, as a row of alpha.
        op: The operation, as a column of alpha.
    """
    row_O = torch.zeros_like(mix[cell_type].op_weights[edge])
    row_O[op] = 1
    return with_row(mix, cell_type, edge, row_O)


def with_row(mix: Mix, cell_type: str, edge: int, row_O: Tensor) -> dict[str, MixWeights]:
    """``mix`` with the weights ``row_O`` (O,) on one edge."""
    weights_EO = mix[cell_type].op_weights.detach().clone()
    weights_EO[edge] = row_O
    return {**mix, cell_type: MixWeights(weights_EO, mix[cell_type].edge_weights)}


@torch.no_grad()
def true_changes(loss: Loss, mix: Mix) -> dict[str, Tensor]:
    """L(o in place of f) - L of every candidate on every edge, by evaluating each.

    Returns:
        By cell type, shape (E, O).
    """
    before = loss(mix)
    found = {}
    for name, weights in mix.items():
        num_edges, num_ops = weights.op_weights.shape
        changes = [
            loss(selecting(mix, name, edge, op)) - before
            for edge in range(num_edges)
            for op in range(num_ops)
        ]
        found[name] = torch.stack(changes).view(num_edges, num_ops)
    return found


def observe(
    losses: Sequence[Loss],
    mix: Callable[[], Mix],
    alphas: Mapping[str, Tensor],
    criteria: Mapping[str, Criterion],
    pairs: Sequence[Mapping[str, Pairs]] = (),
    hessian: bool = False,
) -> LossChanges:
    """Evaluate every selection, and show the same minibatches to the criteria.

    Args:
        losses: The loss of every minibatch.
        mix: Makes the weights from ``alphas``, differentiably.
        alphas: Architecture parameters by cell type, shape (E, O).
        criteria: What is compared, freshly made.
        pairs: Estimates of the Hessian of every minibatch, for criteria that need them.
        hessian: Whether to estimate to second order by the exact Hessian, too.
    """
    steps = [
        replace(_step(loss, mix(), alphas), pairs=of_batch)
        for loss, of_batch in zip(losses, pairs or [{}] * len(losses), strict=True)
    ]
    for criterion in criteria.values():
        for step in steps:
            criterion.observe(step)
    fixed = leaves_of(mix(), requires_grad=False)
    changes = [true_changes(loss, fixed) for loss in losses]
    estimates = [
        {
            n: first_order_change(step.state.op_weights[n], grad)
            for n, grad in step.op_weight_grads.items()
        }
        for step in steps
    ]
    scores = {name: criterion.scores(steps[0].state) for name, criterion in criteria.items()}
    first_order = _mean(estimates)
    bends = exact_curvatures(losses, fixed) if hessian else {}
    return LossChanges(
        true=_mean(changes),
        true_abs=_mean({n: t.abs() for n, t in change.items()} for change in changes),
        first_order=first_order,
        second_order={n: first_order[n] + bend_EO / 2 for n, bend_EO in bends.items()},
        scores={name: found for name, found in scores.items() if found is not None},
    )


def _step(loss: Loss, mix: Mix, alphas: Mapping[str, Tensor]) -> ArchStep:
    """What an architecture step of first order would show to the criteria."""
    weights = [m.op_weights for m in mix.values()]
    grads = torch.autograd.grad(loss(mix), [*weights, *alphas.values()])
    op_grads, alpha_grads = grads[: len(weights)], grads[len(weights) :]
    return ArchStep(
        arch_state(alphas, mix),
        alpha_grads=dict(zip(alphas, alpha_grads, strict=True)),
        op_weight_grads=dict(zip(mix, op_grads, strict=True)),
    )


def _mean(by_batch: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    parts: list[Any] = list(by_batch)
    return {
        name: torch.stack([part[name].detach().to('cpu', torch.float64) for part in parts]).mean(0)
        for name in parts[0]
    }


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
    star = first_order_change(weights_EO.detach(), grad_EO)[edge, op].item()
    return SaturationPoint(
        weight=weight,
        selecting=selected - before.item(),
        removing=removed - before.item(),
        star=star,
        strength=weight * star,
        saliency=-weight * grad_EO[edge, op].item(),
    )

"""How far the feature of each candidate lies from the mixture of its edge."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.arch_updates import Batch
from ostrdet.models.mixed_ops import MixedOp
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.structures import CellPlan, Edge

#: A cell type, and the index of an edge in its cells.
Place = tuple[str, int]


@dataclass(frozen=True)
class Residual:
    """One candidate on one edge.

    Attributes:
        cell_type: The cell type.
        edge: Source and target.
        op: Name of the operation.
        weight: Its weight p.
        norm: Euclidean norm of o(x) - f over channels and pixels of an image, the mean over images
            and over the cells that share alpha.
        relative: The same, divided by the mean norm of f.
    """

    cell_type: str
    edge: Edge
    op: str
    weight: float
    norm: float
    relative: float


@torch.no_grad()
def residuals(searcher: BilevelSearcher, batches: Sequence[Batch]) -> list[Residual]:
    """The residual features of every candidate on every edge; no running statistic changes.

    Args:
        searcher: With a supernet of the plain engine.
        batches: Minibatches of one size.

    Raises:
        InvalidValueError: If an edge mixes its candidates in another way than ``MixedOp``.
    """
    sums: dict[Place, Tensor] = {}
    counts: dict[Place, int] = {}
    mix = searcher.mix()
    with _watched(searcher, sums, counts):
        for batch in batches:
            searcher.mix_loss(batch, mix)
    return [
        residual
        for (name, index), total in sums.items()
        for residual in _residuals(searcher, mix, (name, index), total / counts[name, index])
    ]


def _residuals(
    searcher: BilevelSearcher, mix: Mapping[str, Any], place: Place, means: Tensor
) -> Iterator[Residual]:
    """``means``: the norms of the residuals, and that of the mixture, shape (O + 1,)."""
    name, index = place
    *norms, mixture = means.tolist()
    weights_O = mix[name].op_weights[index].tolist()
    edge = searcher.space.cells[name].edges[index]
    for op, weight, norm in zip(searcher.space.ops, weights_O, norms, strict=True):
        relative = norm / mixture if mixture else float('nan')
        yield Residual(name, edge, op, weight, norm, relative)


@contextmanager
def _watched(
    searcher: BilevelSearcher, sums: dict[Place, Tensor], counts: dict[Place, int]
) -> Iterator[None]:
    """Add up what :func:`_norms` gives for every edge that is computed meanwhile."""
    handles = []
    for place, mixed_op in list(_mixed_ops(searcher)):  # all of them, before any is watched
        features: list[Tensor] = []

        def keep(_: Any, __: Any, feature: Tensor, features: list[Tensor] = features) -> None:
            features.append(feature)

        def add(
            _: Any, __: Any, f: Tensor, place: Place = place, features: list[Tensor] = features
        ) -> None:
            sums[place] = sums.get(place, 0) + _norms(features, f)
            counts[place] = counts.get(place, 0) + 1
            features.clear()

        handles += [op.register_forward_hook(keep) for op in mixed_op.candidates]
        handles.append(mixed_op.register_forward_hook(add))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _norms(features: Sequence[Tensor], f: Tensor) -> Tensor:
    """Mean norms over images of o(x) - f for every feature o(x), and of f; shape (O + 1,)."""
    differences = [*(feature - f for feature in features), f]
    return torch.stack([x.flatten(1).norm(dim=1).mean() for x in differences])


def _mixed_ops(searcher: BilevelSearcher) -> Iterator[tuple[Place, MixedOp]]:
    skeleton = searcher.bare_supernet.skeleton
    for layer, plan in zip(skeleton.layers, skeleton.plan.layers, strict=True):
        if not isinstance(plan, CellPlan):
            continue
        for index, edge in enumerate(layer.edges):
            found = [module for module in edge.modules() if isinstance(module, MixedOp)]
            if len(found) != 1:
                raise InvalidValueError(
                    f'{type(edge).__name__} does not mix its candidates by MixedOp, so their '
                    'features are not known; analyse a search whose model.supernet.mixed_op does'
                )
            yield (plan.cell_type, index), found[0]

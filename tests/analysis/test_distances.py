"""Residual features against candidates that are called one by one, and identities."""

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.analysis.distances import residuals
from ostrdet.models.arch_updates import Batch
from ostrdet.models.mixed_ops import MixedOp
from ostrdet.registry import MODELS

SPACES = ('NASBench201Space', 'DARTSSpace')


def make_batches(number: int = 2) -> list[Batch]:
    return [Batch(torch.randn(5, 3, 8, 8), torch.arange(5) % 3) for _ in range(number)]


def inputs_of_edges(searcher: Any, batch: Batch) -> list[tuple[str, int, MixedOp, Tensor]]:
    """Cell type, index, module and input of every edge, in the order in which they are computed."""
    found: list[tuple[str, int, MixedOp, Tensor]] = []
    skeleton = searcher.supernet.skeleton
    for layer, plan in zip(skeleton.layers, skeleton.plan.layers, strict=True):
        for index, edge in enumerate(getattr(layer, 'edges', ())):
            where = plan.cell_type, index
            edge.register_forward_pre_hook(
                lambda module, args, where=where: found.append((*where, module, args[0]))
            )
    searcher.supernet(batch.images, searcher.mix())
    return found


@torch.no_grad()
def called_one_by_one(searcher: Any, batches: list[Batch]) -> dict[Any, list[float]]:
    """By cell type, edge and operation: a norm for every cell, minibatch and image."""
    norms: dict[Any, list[float]] = {}
    for batch in batches:
        copied = deepcopy(searcher)
        for cell_type, index, module, x in inputs_of_edges(copied, batch):
            weights_O = copied.mix()[cell_type].op_weights[index]
            features = [op(x) for op in module.candidates]
            f = torch.zeros_like(features[0])
            for weight, feature in zip(weights_O, features, strict=True):
                f = f + weight * feature
            edge = copied.space.cells[cell_type].edges[index]
            for op, feature in zip([*copied.space.ops, None], [*features, 2 * f], strict=True):
                for image in range(len(x)):
                    total = (feature[image] - f[image]).square().sum().item()
                    norms.setdefault((cell_type, edge, op), []).append(total**0.5)
    return norms


@pytest.mark.parametrize('space', SPACES)
def test_norms_are_those_of_candidates_called_one_by_one(space: str, make_searcher: Any) -> None:
    searcher, batches = make_searcher(space), make_batches()
    norms = called_one_by_one(searcher, batches)
    found = residuals(searcher, batches)
    assert len(found) == len(norms) - len({key[:2] for key in norms})
    means = {key: sum(values) / len(values) for key, values in norms.items()}
    for one in found:
        key = one.cell_type, one.edge
        assert one.norm == pytest.approx(means[*key, one.op], rel=1e-9)
        assert one.relative == pytest.approx(means[*key, one.op] / means[*key, None], rel=1e-9)
        index = searcher.space.cells[one.cell_type].edges.index(one.edge)
        weights_O = searcher.mix()[one.cell_type].op_weights[index]
        assert one.weight == weights_O[searcher.space.ops.index(one.op)].item()


@pytest.mark.parametrize('space', SPACES)
def test_none_is_as_far_from_the_mixture_as_zero(space: str, make_searcher: Any) -> None:
    found = residuals(make_searcher(space), make_batches())
    assert [one.relative for one in found if one.op == 'none'] == pytest.approx(
        [1.0] * sum(one.op == 'none' for one in found)
    )


def test_an_operation_that_is_the_mixture_has_no_residual(make_searcher: Any) -> None:
    searcher = make_searcher()
    with torch.no_grad():
        searcher.alpha_cell[1] = torch.tensor([-900.0, 0.0, -900.0, -900.0, -900.0])
    found = [one for one in residuals(searcher, make_batches()) if one.edge == (0, 2)]
    assert [one.weight for one in found] == [0, 1, 0, 0, 0]
    assert [one.norm == 0 for one in found] == [False, True, False, False, False]


def test_of_partial_channels_the_mixed_ones_count(make_searcher: Any) -> None:
    searcher = make_searcher()
    partial = make_searcher()
    partial.supernet = MODELS.build(
        {
            'type': 'Supernet',
            'space': searcher.space,
            'channels': 4,
            'num_cells': 1,
            'num_classes': 3,
            'engine': 'plain',
            'mixed_op': {'type': 'PartialChannelMixedOp', 'k': 2},
        }
    )
    found = residuals(partial, make_batches())
    assert len(found) == len(residuals(searcher, make_batches()))
    assert all(one.relative == pytest.approx(1) for one in found if one.op == 'none')


def test_nothing_stays_behind(make_searcher: Any) -> None:
    searcher, batches = make_searcher(), make_batches()
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    first = residuals(searcher, batches)
    assert residuals(searcher, batches) == first
    assert all(torch.equal(value, before[name]) for name, value in searcher.state_dict().items())
    assert not any(module._forward_hooks for module in searcher.modules())


def test_another_relaxation_is_refused(make_searcher: Any) -> None:
    searcher = make_searcher()
    searcher.supernet.skeleton.layers[0].edges[0] = nn.Identity()
    with pytest.raises(ValueError, match='Identity does not mix its candidates by MixedOp'):
        residuals(searcher, make_batches())

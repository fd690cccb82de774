"""Loss changes: evaluation against an independent one, estimates against closed forms."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.analysis.changes import (
    candidates,
    observe,
    saturate,
    selecting,
    true_changes,
    with_row,
)
from ostrdet.models.mixed_ops import MixedOp
from ostrdet.models.searchers.mix import leaves_of
from ostrdet.models.weightings import MixWeights
from ostrdet.registry import CRITERIA, build
from ostrdet.selection import Criterion
from ostrdet.selection.functional import first_order_change

pytestmark = pytest.mark.usefixtures('float64')

EDGES, OPS = 3, 4
Make = Callable[..., Any]


def criteria() -> dict[str, Criterion]:
    CRITERIA.import_from_location()
    return {name: build(CRITERIA, {'type': name}) for name in CRITERIA.module_dict}


def random_mix() -> dict[str, MixWeights]:
    return {'cell': MixWeights(torch.randn(EDGES, OPS).softmax(dim=-1))}


def linear_loss(slopes_EO: Tensor) -> Callable[[Mapping[str, MixWeights]], Tensor]:
    return lambda mix: 3 + (slopes_EO * mix['cell'].op_weights).sum()


def brute_force(searcher: Any, loss: Any, cell_type: str, edge: int, op: int) -> float:
    """The loss with the edge's output replaced by that of one candidate, in all cells that share it."""

    def replace(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
        return module.candidates[op](inputs[0])

    skeleton = searcher.supernet.skeleton
    edges = [
        layer.edges[edge]
        for layer, plan in zip(skeleton.layers, skeleton.plan.layers, strict=True)
        if getattr(plan, 'cell_type', None) == cell_type
    ]
    assert edges
    assert all(isinstance(module, MixedOp) for module in edges)
    handles = [module.register_forward_hook(replace) for module in edges]
    with torch.no_grad():
        found = loss(searcher.mix()).item()
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize('space', ['NASBench201Space', 'DARTSSpace'])
def test_the_true_change_is_that_of_brute_force(
    space: str, make_searcher: Make, batch_losses: Make
) -> None:
    searcher = make_searcher(space)
    (loss,) = batch_losses(searcher)
    with torch.no_grad():
        before = loss(searcher.mix()).item()
    found = true_changes(loss, leaves_of(searcher.mix(), requires_grad=False))
    for name, spec in searcher.space.cells.items():
        for edge in range(0, len(spec.edges), 2):
            for op in range(0, len(searcher.space.ops), 2):
                expected = brute_force(searcher, loss, name, edge, op) - before
                assert found[name][edge, op].item() == pytest.approx(expected, rel=1e-10, abs=1e-13)


def test_selecting_leaves_all_other_weights_alone() -> None:
    mix = {'cell': random_mix()['cell'], 'other': random_mix()['cell']}
    found = selecting(mix, 'cell', 1, 2)
    assert found['other'] is mix['other']
    assert found['cell'].op_weights[1].tolist() == [0, 0, 1, 0]
    for edge in (0, 2):
        assert torch.equal(found['cell'].op_weights[edge], mix['cell'].op_weights[edge])


def test_edge_weights_stay(make_searcher: Make) -> None:
    searcher = make_searcher(weighting={'type': 'SoftmaxWeighting', 'edge_norm': True})
    mix = leaves_of(searcher.mix(), requires_grad=False)
    assert torch.equal(selecting(mix, 'cell', 0, 0)['cell'].edge_weights, mix['cell'].edge_weights)


def test_the_first_order_is_exact_for_a_linear_loss() -> None:
    slopes_EO, mix = torch.randn(EDGES, OPS), random_mix()
    weights_EO = mix['cell'].op_weights
    expected = slopes_EO - (slopes_EO * weights_EO).sum(dim=1, keepdim=True)
    found = true_changes(linear_loss(slopes_EO), mix)['cell']
    torch.testing.assert_close(found, expected, atol=1e-13, rtol=0)
    torch.testing.assert_close(first_order_change(weights_EO, slopes_EO), found, atol=1e-13, rtol=0)


def test_the_error_of_the_first_order_falls_with_the_square_of_the_way(
    make_searcher: Make, batch_losses: Make
) -> None:
    searcher = make_searcher()
    (loss,) = batch_losses(searcher)
    mix = leaves_of(searcher.mix(), requires_grad=True)
    weights_EO = mix['cell'].op_weights
    before = loss(mix)
    (grad_EO,) = torch.autograd.grad(before, weights_EO)
    estimate = first_order_change(weights_EO.detach(), grad_EO)[1, 3]
    row_O = weights_EO[1].detach()
    target_O = torch.eye(len(row_O))[3]

    def error(way: float) -> float:
        moved = with_row(mix, 'cell', 1, row_O + way * (target_O - row_O))
        with torch.no_grad():
            return abs((loss(moved) - before - way * estimate).item())

    assert error(2e-5) / error(1e-5) == pytest.approx(4, rel=0.02)


def test_criteria_see_what_the_search_would_show_them(
    make_searcher: Make, batch_losses: Make
) -> None:
    searcher = make_searcher()
    losses = batch_losses(searcher, number=2)
    found = observe(losses, searcher.mix, searcher.alphas, criteria())
    alpha_grads = [
        torch.autograd.grad(loss(searcher.mix()), searcher.alpha_cell)[0] for loss in losses
    ]
    strength = sum(grad.abs() for grad in alpha_grads) / 2
    torch.testing.assert_close(found.scores['OperationStrength']['cell'], strength)
    weights_EO = searcher.mix()['cell'].op_weights.detach()
    torch.testing.assert_close(found.scores['OperationStrengthStar']['cell'], strength / weights_EO)
    torch.testing.assert_close(found.scores['Magnitude']['cell'], weights_EO)
    # dL/dalpha = p times the first-order change, whose sign the mean keeps
    mean = sum(alpha_grads) / 2 / weights_EO
    torch.testing.assert_close(found.first_order['cell'], mean)


def test_changes_are_means_over_minibatches() -> None:
    slopes = [torch.randn(EDGES, OPS) for _ in range(3)]
    alpha_EO = torch.randn(EDGES, OPS, requires_grad=True)

    def mix() -> dict[str, MixWeights]:
        return {'cell': MixWeights(alpha_EO.softmax(dim=-1))}

    found = observe([*map(linear_loss, slopes)], mix, {'cell': alpha_EO}, criteria())
    each = torch.stack([first_order_change(mix()['cell'].op_weights.detach(), s) for s in slopes])
    torch.testing.assert_close(found.true['cell'], each.mean(0))
    torch.testing.assert_close(found.true_abs['cell'], each.abs().mean(0))
    torch.testing.assert_close(found.first_order['cell'], each.mean(0))


def test_candidates_name_every_operation_of_every_edge(
    make_searcher: Make, batch_losses: Make
) -> None:
    searcher = make_searcher()
    found = observe(batch_losses(searcher), searcher.mix, searcher.alphas, criteria())
    weights = searcher.arch_state().op_weights
    listed = candidates(searcher.space, weights, found)
    assert len(listed) == len(searcher.space.cells['cell'].edges) * len(searcher.space.ops)
    last = listed[-1]
    assert (last.edge, last.op) == (searcher.space.cells['cell'].edges[-1], searcher.space.ops[-1])
    assert last.weight == weights['cell'][-1, -1].item()
    assert last.true == found.true['cell'][-1, -1].item()
    assert last.scores['Magnitude'] == last.weight


def test_saturation_of_a_linear_loss_is_exact() -> None:
    slopes_EO, mix = torch.randn(EDGES, OPS), random_mix()
    for point in saturate(linear_loss(slopes_EO), mix, 'cell', 1, 2, (0.0, 0.3, 0.9)):
        assert point.selecting == pytest.approx(point.star, abs=1e-13)
        assert point.removing == pytest.approx(-point.weight * slopes_EO[1, 2].item(), abs=1e-13)
        assert point.removing == pytest.approx(point.saliency, abs=1e-13)
        assert point.strength == point.weight * point.star


def test_saturation_starts_from_the_weights_of_the_search(
    make_searcher: Make, batch_losses: Make
) -> None:
    searcher = make_searcher()
    (loss,) = batch_losses(searcher)
    mix = leaves_of(searcher.mix(), requires_grad=False)
    weight = mix['cell'].op_weights[0, 1].item()
    here, nearly = saturate(loss, mix, 'cell', 0, 1, (weight, 1 - 1e-9))
    assert here.selecting == pytest.approx(true_changes(loss, mix)['cell'][0, 1].item(), abs=1e-12)
    strength = torch.autograd.grad(loss(searcher.mix()), searcher.alpha_cell)[0][0, 1].item()
    assert here.strength == pytest.approx(strength, abs=1e-12)
    # The limitation: an operation that is alone on its edge has no strength
    assert abs(nearly.strength) < 1e-6 < abs(nearly.removing)

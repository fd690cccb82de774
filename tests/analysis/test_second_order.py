"""Exact curvatures against closed forms, and how estimates are judged."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.analysis.changes import candidates, observe, true_changes
from ostrdet.analysis.second_order import exact_curvatures, foretold
from ostrdet.models.searchers.mix import leaves_of
from ostrdet.models.weightings import MixWeights
from ostrdet.selection.functional import first_order_change
from ostrdet.spaces import NASBench201Space

pytestmark = pytest.mark.usefixtures('float64')

Make = Callable[..., Any]


def quadratic_loss(slopes_EO: Tensor, matrix: Tensor) -> Callable[[Mapping[str, Any]], Tensor]:
    def loss(mix: Mapping[str, MixWeights]) -> Tensor:
        flat = mix['cell'].op_weights.flatten()
        return slopes_EO.flatten() @ flat + flat @ matrix @ flat

    return loss


def test_the_second_order_of_quadratic_losses_is_the_true_change() -> None:
    mix = {'cell': MixWeights(torch.randn(3, 4).softmax(dim=-1))}
    losses = [quadratic_loss(torch.randn(3, 4), torch.randn(12, 12)) for _ in range(2)]
    alphas = {'cell': torch.randn(3, 4, requires_grad=True)}

    def made() -> dict[str, MixWeights]:
        return {'cell': MixWeights(alphas['cell'].softmax(dim=-1))}

    found = observe(losses, made, alphas, {}, hessian=True)
    torch.testing.assert_close(found.second_order['cell'], found.true['cell'])
    assert not torch.allclose(found.first_order['cell'], found.true['cell'])
    assert observe(losses, made, alphas, {}).second_order == {}
    assert exact_curvatures(losses, mix)['cell'].dtype == torch.float64


def test_two_cell_types_have_their_own_blocks(make_searcher: Make, batch_losses: Make) -> None:
    """Near an operation alone the error of the second order falls with the third power of the way."""
    searcher = make_searcher('DARTSSpace')
    (loss,) = batch_losses(searcher)
    mix = leaves_of(searcher.mix(), requires_grad=True)
    grads = torch.autograd.grad(loss(mix), [each.op_weights for each in mix.values()])
    bends = exact_curvatures([loss], mix)
    way = 1e-5
    for (name, each), grad_EO in zip(mix.items(), grads, strict=True):
        p_EO = each.op_weights.detach()
        alone_O = torch.eye(p_EO.shape[1])[2]
        for edge in range(len(p_EO)):
            values = []
            for sign in (1, -1, 0):
                moved_EO = p_EO.clone()
                moved_EO[edge] += sign * way * (alone_O - p_EO[edge])
                with torch.no_grad():
                    values.append(loss({**mix, name: MixWeights(moved_EO)}).item())
            second = (values[0] + values[1] - 2 * values[2]) / way**2
            assert bends[name][edge, 2].item() == pytest.approx(second, rel=0.02, abs=0.02)
            first = first_order_change(p_EO, grad_EO)[edge, 2].item()
            assert (values[0] - values[1]) / (2 * way) == pytest.approx(first, abs=1e-3)


def test_candidates_have_the_second_order_where_it_was_asked_for(
    make_searcher: Make, batch_losses: Make
) -> None:
    searcher, losses = make_searcher(), batch_losses(make_searcher())
    weights = searcher.arch_state().op_weights
    found = observe(losses, searcher.mix, searcher.alphas, {}, hessian=True)
    listed = candidates(searcher.space, weights, found)
    assert listed[-1].second_order == found.second_order['cell'][-1, -1].item()
    expected = true_changes(losses[0], leaves_of(searcher.mix(), requires_grad=False))
    torch.testing.assert_close(found.true, expected)
    found = observe(losses, searcher.mix, searcher.alphas, {})
    assert candidates(searcher.space, weights, found)[-1].second_order is None


def test_estimates_are_judged_with_their_sign() -> None:
    space = NASBench201Space(num_nodes=3)
    true = {'cell': torch.arange(15.0).view(3, 5) - 7}
    wrong_EO = true['cell'].clone()
    wrong_EO[0] = wrong_EO[0].flip(0)
    estimates = {
        'same': true,
        'minus': {'cell': -true['cell']},
        'shifted': {'cell': true['cell'] + 0.5},
        'one edge wrong': {'cell': wrong_EO},
        'flat': {'cell': torch.zeros(3, 5)},
    }
    rows = {str(row['estimate']): row for row in foretold(space, true, estimates)}
    assert [rows[name]['all candidates'] for name in ('same', 'minus', 'shifted')] == [1, -1, 1]
    assert [rows[name]['mean error'] for name in ('same', 'shifted')] == [0, 0.5]
    assert rows['minus']['mean error'] == pytest.approx(2 * true['cell'].abs().mean().item())
    assert [rows[name]['best found'] for name in ('same', 'minus', 'shifted')] == [1, 0, 1]
    assert rows['one edge wrong']['mean over edges'] == pytest.approx(1 / 3)
    assert rows['one edge wrong']['best found'] == pytest.approx(2 / 3)
    assert math.isnan(rows['flat']['all candidates'])

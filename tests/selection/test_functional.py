"""The scores of one minibatch against numbers worked out by hand."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ostrdet.selection.functional import (
    alpha_saliency,
    operation_strength,
    operation_strength_star,
    pruning_saliency,
)

# Powers of two, so that every result is exact.
GRADS_EO = torch.tensor([[0.5, -0.75, 0.25], [-1.0, 0.0, 1.0]], dtype=torch.float64)
WEIGHTS_EO = torch.tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]], dtype=torch.float64)


def equal(actual: Tensor, expected: list[list[float]]) -> bool:
    return torch.equal(actual, torch.tensor(expected, dtype=torch.float64))


def test_operation_strength_is_the_weight_times_the_distance_from_the_mean() -> None:
    # <p, g> is -0.1875 and -0.25
    expected = [[0.171875, 0.28125, 0.109375], [0.375, 0.0625, 0.3125]]
    assert equal(operation_strength(WEIGHTS_EO, GRADS_EO), expected)


def test_operation_strength_star_leaves_the_weight_out() -> None:
    star_EO = operation_strength_star(WEIGHTS_EO, GRADS_EO)
    assert equal(star_EO, [[0.6875, 0.5625, 0.4375], [0.75, 0.25, 1.25]])


@pytest.mark.parametrize('num_ops', [2, 5, 7, 8])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_operation_strength_of_a_softmax_is_the_gradient_of_alpha_to_the_bit(
    num_ops: int, dtype: torch.dtype
) -> None:
    alphas_EO = torch.randn(14, num_ops, dtype=dtype, requires_grad=True)
    weights_EO, grad_EO = alphas_EO.softmax(dim=-1), torch.randn(14, num_ops, dtype=dtype)
    (alpha_grad_EO,) = torch.autograd.grad(weights_EO, alphas_EO, grad_EO)
    assert torch.equal(operation_strength(weights_EO.detach(), grad_EO), alpha_grad_EO.abs())


@pytest.mark.parametrize('weights', ['softmax', 'sigmoid', 'Dirichlet draw'])
def test_strengths_are_changes_towards_the_operation_under_every_weighting(weights: str) -> None:
    """f = sum p o with o = (1, 2), (0.5, -1), (3, 0); L = |f - t|^2 / 2 with t = (0.2, 0.1)."""
    alphas_EO = torch.tensor([[0.2, -0.1, 0.4]], dtype=torch.float64)
    p_EO = {
        'softmax': alphas_EO.softmax(dim=-1),
        'sigmoid': alphas_EO.sigmoid(),
        'Dirichlet draw': torch.tensor([[0.3, 0.2, 0.5]], dtype=torch.float64),
    }[weights].requires_grad_()
    features_OD = torch.tensor([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]], dtype=torch.float64)
    mixture_D = p_EO[0] @ features_OD
    loss = (mixture_D - torch.tensor([0.2, 0.1], dtype=torch.float64)).square().sum() / 2
    mixture_grad_D, p_grad_EO = torch.autograd.grad(loss, [mixture_D, p_EO])
    star_EO = ((features_OD - mixture_D) @ mixture_grad_D).abs()[None].detach()
    found_EO = operation_strength(p_EO.detach(), p_grad_EO)
    torch.testing.assert_close(found_EO, p_EO.detach() * star_EO, rtol=1e-12, atol=1e-14)
    found_EO = operation_strength_star(p_EO.detach(), p_grad_EO)
    torch.testing.assert_close(found_EO, star_EO, rtol=1e-12, atol=1e-14)


def test_pruning_saliency_is_the_weight_times_its_gradient() -> None:
    saliency_EO = pruning_saliency(WEIGHTS_EO, GRADS_EO)
    assert equal(saliency_EO, [[0.125, 0.375, 0.0625], [0.5, 0.0, 0.25]])


def test_alpha_saliency_is_alpha_times_its_gradient() -> None:
    alphas_EO = torch.tensor([[2.0, -2.0, 0.0], [4.0, 1.0, -0.5]], dtype=torch.float64)
    assert equal(alpha_saliency(alphas_EO, GRADS_EO), [[1.0, 1.5, 0.0], [4.0, 0.0, 0.5]])


def test_scores_of_a_linear_loss_are_its_exact_changes() -> None:
    """One edge with scalar features 3, -1, 5 and weights 1/4, 1/2, 1/4; the loss is 2 f, so f = 1.5.

    A linear loss has no second order: replacing f by o changes it by exactly 2 (o - f), dropping
    the term of o by exactly 2 p o.
    """
    features_O = torch.tensor([3.0, -1.0, 5.0], dtype=torch.float64)
    alphas_EO = torch.tensor([[1.0, 2.0, 1.0]], dtype=torch.float64).log().requires_grad_()
    weights_EO = alphas_EO.softmax(dim=-1)
    loss = 2 * (weights_EO[0] @ features_O)
    (weight_grad_EO,) = torch.autograd.grad(loss, [weights_EO])
    weights_EO = weights_EO.detach()
    for actual, expected in (
        (operation_strength_star(weights_EO, weight_grad_EO), [[3.0, 5.0, 7.0]]),
        (operation_strength(weights_EO, weight_grad_EO), [[0.75, 2.5, 1.75]]),
        (pruning_saliency(weights_EO, weight_grad_EO), [[1.5, 1.0, 2.5]]),
    ):
        torch.testing.assert_close(actual, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize('shape', [(3,), (2, 3, 1), ()])
def test_operation_strength_rejects_what_is_not_edges_by_ops(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r'\(num_edges, num_ops\), got op_weights_EO \('):
        operation_strength(torch.zeros(shape), torch.zeros(shape))


@pytest.mark.parametrize(
    'score', [operation_strength, operation_strength_star, pruning_saliency, alpha_saliency]
)
@pytest.mark.parametrize('shapes', [((2, 3), (1, 3)), ((2, 3), (3, 2)), ((3,), (3,)), ((), ())])
def test_scores_of_two_tensors_reject_shapes_that_would_broadcast(
    score: Callable[[Tensor, Tensor], Tensor], shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    with pytest.raises(ValueError, match=r'expected one shape \(num_edges, num_ops\)'):
        score(*map(torch.ones, shapes))

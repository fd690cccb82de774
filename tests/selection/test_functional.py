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


def test_operation_strength_is_the_absolute_gradient() -> None:
    assert equal(operation_strength(GRADS_EO), [[0.5, 0.75, 0.25], [1.0, 0.0, 1.0]])


def test_operation_strength_star_divides_by_the_weight() -> None:
    star_EO = operation_strength_star(GRADS_EO, WEIGHTS_EO)
    assert equal(star_EO, [[2.0, 1.5, 1.0], [2.0, 0.0, 4.0]])


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
    grad_EO, weight_grad_EO = torch.autograd.grad(loss, [alphas_EO, weights_EO])
    weights_EO = weights_EO.detach()
    for actual, expected in (
        (operation_strength_star(grad_EO, weights_EO), [[3.0, 5.0, 7.0]]),
        (operation_strength(grad_EO), [[0.75, 2.5, 1.75]]),
        (pruning_saliency(weights_EO, weight_grad_EO), [[1.5, 1.0, 2.5]]),
    ):
        torch.testing.assert_close(actual, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize('shape', [(3,), (2, 3, 1), ()])
def test_operation_strength_rejects_what_is_not_edges_by_ops(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r'\(num_edges, num_ops\), got grad_EO \('):
        operation_strength(torch.zeros(shape))


@pytest.mark.parametrize('score', [operation_strength_star, pruning_saliency, alpha_saliency])
@pytest.mark.parametrize('shapes', [((2, 3), (1, 3)), ((2, 3), (3, 2)), ((3,), (3,))])
def test_scores_of_two_tensors_reject_shapes_that_would_broadcast(
    score: Callable[[Tensor, Tensor], Tensor], shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    with pytest.raises(ValueError, match=r'expected one shape \(num_edges, num_ops\)'):
        score(*map(torch.ones, shapes))

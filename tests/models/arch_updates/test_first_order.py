"""The first-order update: the gradient at the present weights, and nothing else."""

from collections.abc import Callable

import torch
from torch import Tensor

from ostrdet.models.arch_updates import Batch, BilevelProblem, FirstOrderUpdate

MakeProblem = Callable[..., tuple[BilevelProblem, Batch, Batch]]
Loss = Callable[..., Tensor]


def test_is_the_partial_derivative_of_the_validation_loss(
    make_problem: MakeProblem, tanh_mixture: Loss
) -> None:
    problem, train, val = make_problem()
    loss, grads = FirstOrderUpdate().gradients(problem, train, val)
    weights = {name: w.detach() for name, w in problem.weights.items()}
    expected = torch.autograd.functional.jacobian(
        lambda mix: tanh_mixture(val, weights, [mix]), problem.mix[0]
    )
    assert loss == tanh_mixture(val, weights, problem.mix)
    torch.testing.assert_close(grads[0], expected)


def test_touches_no_stored_gradient(make_problem: MakeProblem) -> None:
    problem, train, val = make_problem()
    FirstOrderUpdate().gradients(problem, train, val)
    assert all(tensor.grad is None for tensor in [*problem.mix, *problem.weights.values()])


def test_loss_scale_leaves_the_gradients_as_they_are(make_problem: MakeProblem) -> None:
    plain, train, val = make_problem()
    scaled, _, _ = make_problem(loss_scale=1024.0)
    _, expected = FirstOrderUpdate().gradients(plain, train, val)
    _, found = FirstOrderUpdate().gradients(scaled, train, val)
    torch.testing.assert_close(found, expected)

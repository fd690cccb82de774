"""The second order: against brute force, and its finite differences against the exact product."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.models.arch_updates import Batch, BilevelProblem, FirstOrderUpdate, UnrolledUpdate

MakeProblem = Callable[..., tuple[BilevelProblem, Batch, Batch]]
Loss = Callable[..., Tensor]
Problems = tuple[MakeProblem, Loss]
SETTINGS: list[dict[str, Any]] = [
    {'momentum': 0.0, 'weight_decay': 0.0},
    {'momentum': 0.9, 'weight_decay': 0.0},
    {'momentum': 0.9, 'weight_decay': 0.1},
    {'momentum': 0.9, 'weight_decay': 0.1, 'nesterov': True},
    {'momentum': 0.9, 'weight_decay': 0.1, 'steps': 0},  # no momentum buffer yet
]


def unrolled_loss(problems: Problems, mix: Tensor, settings: dict[str, Any]) -> float:
    """L_val after one real step of torch's own SGD on L_train at ``mix``."""
    make_problem, loss = problems
    problem, train, val = make_problem(**settings)
    problem.optimizer.zero_grad()
    loss(train, problem.weights, [mix]).backward()
    problem.optimizer.step()
    return loss(val, problem.weights, [mix]).item()


def brute_force(problems: Problems, mix: Tensor, settings: dict[str, Any]) -> Tensor:
    step = 1e-5
    slopes = [
        unrolled_loss(problems, mix + shift, settings)
        - unrolled_loss(problems, mix - shift, settings)
        for shift in step * torch.eye(len(mix), dtype=mix.dtype)
    ]
    return torch.tensor(slopes, dtype=mix.dtype) / (2 * step)


def gradients(update: UnrolledUpdate, parts: tuple[BilevelProblem, Batch, Batch]) -> Tensor:
    problem, train, val = parts
    return update.gradients(problem, train, val)[1][0]


@pytest.mark.parametrize('settings', SETTINGS)
def test_exact_equals_brute_force(
    settings: dict[str, Any], make_problem: MakeProblem, tanh_mixture: Loss
) -> None:
    parts = make_problem(**settings)
    expected = brute_force((make_problem, tanh_mixture), parts[0].mix[0].detach(), settings)
    found = gradients(UnrolledUpdate(hvp='exact'), parts)
    assert (found - expected).norm() / expected.norm() < 1e-6


@pytest.mark.parametrize('settings', SETTINGS)
def test_second_order_term_is_not_zero(settings: dict[str, Any], make_problem: MakeProblem) -> None:
    parts = make_problem(**settings)
    problem, train, val = parts
    (first,) = FirstOrderUpdate().gradients(problem, train, val)[1]
    exact = gradients(UnrolledUpdate(hvp='exact'), parts)
    assert (exact - first).norm() / exact.norm() > 1e-2


@pytest.mark.parametrize('settings', SETTINGS)
def test_error_of_finite_differences_falls_quadratically(
    settings: dict[str, Any], make_problem: MakeProblem
) -> None:
    parts = make_problem(**settings)
    exact = gradients(UnrolledUpdate(hvp='exact'), parts)
    errors = [
        (gradients(UnrolledUpdate(epsilon=epsilon), parts) - exact).norm().item()
        for epsilon in (0.04, 0.02, 0.01)
    ]
    ratios = [wide / narrow for wide, narrow in itertools.pairwise(errors)]
    assert ratios == pytest.approx([4, 4], rel=0.05)
    assert errors[-1] / exact.norm() < 1e-4


@pytest.mark.parametrize('hvp', ['finite_difference', 'exact'])
def test_parameter_groups_keep_their_own_rates(
    hvp: str, make_problem: MakeProblem, tanh_mixture: Loss
) -> None:
    """With a rate of zero for one group only the other is unrolled."""
    problem, train, val = make_problem()
    layers, head = problem.weights.values()
    frozen = torch.optim.SGD([{'params': [layers], 'lr': 0.1}, {'params': [head], 'lr': 0.0}])
    problem = BilevelProblem(problem.loss, problem.mix, problem.weights, frozen)
    found = UnrolledUpdate(hvp=hvp).gradients(problem, train, val)[1][0]

    mix = problem.mix[0]
    train_loss = tanh_mixture(train, problem.weights, [mix])
    (grad,) = torch.autograd.grad(train_loss, layers, create_graph=True)
    stepped = {'layers': layers - 0.1 * grad, 'head': head}
    (expected,) = torch.autograd.grad(tanh_mixture(val, stepped, [mix]), mix)
    torch.testing.assert_close(found, expected, rtol=1e-3 if hvp != 'exact' else 1e-10, atol=1e-12)


@pytest.mark.parametrize('hvp', ['finite_difference', 'exact'])
def test_nothing_moves(hvp: str, make_problem: MakeProblem) -> None:
    problem, train, val = make_problem()
    before = {name: weight.detach().clone() for name, weight in problem.weights.items()}
    state = {
        name: problem.optimizer.state[weight]['momentum_buffer'].clone()
        for name, weight in problem.weights.items()
    }
    UnrolledUpdate(hvp=hvp).gradients(problem, train, val)
    for name, weight in problem.weights.items():
        assert torch.equal(weight, before[name])
        assert torch.equal(problem.optimizer.state[weight]['momentum_buffer'], state[name])
        assert weight.grad is None


@pytest.mark.parametrize('hvp', ['finite_difference', 'exact'])
def test_rate_zero_is_the_first_order(hvp: str, make_problem: MakeProblem) -> None:
    problem, train, val = make_problem(steps=0, lr=0.0)
    _, expected = FirstOrderUpdate().gradients(problem, train, val)
    _, found = UnrolledUpdate(hvp=hvp).gradients(problem, train, val)
    torch.testing.assert_close(found, expected)


def test_loss_scale_leaves_the_gradients_as_they_are(make_problem: MakeProblem) -> None:
    plain = make_problem()
    scaled = make_problem(loss_scale=1024.0)
    for update in (UnrolledUpdate(), UnrolledUpdate(hvp='exact')):
        torch.testing.assert_close(gradients(update, scaled), gradients(update, plain))


def test_other_optimizers_are_refused(make_problem: MakeProblem) -> None:
    problem, train, val = make_problem()
    adam = torch.optim.Adam(problem.weights.values())
    problem = BilevelProblem(problem.loss, problem.mix, problem.weights, adam)
    with pytest.raises(TypeError, match='unrolls a step of SGD, got Adam'):
        UnrolledUpdate().gradients(problem, train, val)


def test_dampening_is_refused(make_problem: MakeProblem) -> None:
    problem, train, val = make_problem(dampening=0.5)
    with pytest.raises(TypeError, match=r'optimizer\.dampening=0\.5'):
        UnrolledUpdate().gradients(problem, train, val)


def test_unknown_hvp_and_bad_epsilon() -> None:
    with pytest.raises(ValueError, match=r"unknown hvp 'exakt'.*Did you mean 'exact'"):
        UnrolledUpdate(hvp='exakt')
    with pytest.raises(ValueError, match=r'epsilon=0\.0, expected a positive number'):
        UnrolledUpdate(epsilon=0.0)

"""The implicit gradient: against the exact one on a quadratic, and written out in double precision."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.models.arch_updates import Batch, BilevelProblem, ImplicitUpdate, UnrolledUpdate

MakeProblem = Callable[..., tuple[BilevelProblem, Batch, Batch]]
Parts = tuple[BilevelProblem, Batch, Batch]

# L_train = w.H.w / 2 - w.B.a and L_val = |w - t|^2 / 2 + 0.05 |a|^2, at the minimiser of L_train
H = [[2.0, 0.4], [0.4, 1.0]]
B = [[1.0, 0.5, -0.3], [0.2, -1.0, 0.7]]
A, T, ETA = [0.3, -0.1, 0.5], [1.0, -1.0], 0.2
EXACT = [-0.4982608695652173, -2.359243856332703, 1.6491020793950852]
#: By number of terms, K + 1.
NEUMANN = {
    1: [-0.12, -0.4221739130434783, 0.3279565217391304],
    2: [-0.21888, -0.7599478260869565, 0.5568330434782609],
    3: [-0.28627199999999997, -1.0376257391304349, 0.7456199652173913],
    6: [-0.3943503003648, -1.6111339937168696, 1.1369493820059824],
    51: [-0.4982411764305036, -2.359090341534306, 1.6489969097677701],
}


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def quadratic(linear_val: bool = False, **sgd: Any) -> Parts:
    """The problem above; its batches tell the levels apart. ``linear_val``: L_val = w.t."""
    mix = tensor(A).requires_grad_()
    weights = {'w': torch.nn.Parameter(torch.linalg.solve(tensor(H), tensor(B) @ tensor(A)))}

    def loss(batch: Batch, other: Mapping[str, Tensor] | None) -> Tensor:
        w = (weights if other is None else other)['w']
        if batch.labels.item() == 0:
            return w @ tensor(H) @ w / 2 - w @ tensor(B) @ mix
        if linear_val:
            return w @ tensor(T) + 0.05 * mix @ mix
        return ((w - tensor(T)) ** 2).sum() / 2 + 0.05 * mix @ mix

    optimizer = torch.optim.SGD(weights.values(), **{'lr': ETA, **sgd})
    train, val = (Batch(torch.zeros(1), torch.tensor(level)) for level in (0, 1))
    return BilevelProblem(loss, [mix], weights, optimizer), train, val


def gradients(update: Any, parts: Parts) -> Tensor:
    found: Tensor = update.gradients(*parts)[1][0]
    return found


@pytest.mark.parametrize('terms', NEUMANN)
def test_the_published_series(terms: int) -> None:
    found = gradients(ImplicitUpdate(terms), quadratic())
    torch.testing.assert_close(found, tensor(NEUMANN[terms]), rtol=1e-12, atol=1e-14)


def test_many_terms_are_the_exact_gradient() -> None:
    found = gradients(ImplicitUpdate(400), quadratic())
    torch.testing.assert_close(found, tensor(EXACT), rtol=1e-12, atol=0)


def test_with_weight_decay_the_minimiser_is_that_of_the_decayed_loss() -> None:
    decay = 0.3
    parts = quadratic(weight_decay=decay)
    w = parts[0].weights['w'].detach()
    inverse = torch.linalg.inv(tensor(H) + decay * torch.eye(2, dtype=torch.float64))
    expected = 0.1 * tensor(A) + tensor(B).T @ inverse @ (w - tensor(T))
    found = gradients(ImplicitUpdate(400), parts)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize('hvp', ['exact', 'finite_difference'])
@pytest.mark.parametrize('sgd', [{}, {'momentum': 0.9, 'weight_decay': 0.1}])
def test_one_term_is_that_of_the_unrolled_update(hvp: str, sgd: dict[str, Any]) -> None:
    """Where the validation gradient is the same before and after the step, so are both updates."""
    one = gradients(ImplicitUpdate(terms=1), quadratic(linear_val=True, **sgd))
    other = gradients(UnrolledUpdate(hvp=hvp), quadratic(linear_val=True, **sgd))
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)
    assert not torch.allclose(one, 0.1 * tensor(A))  # of which the direct part is but a part


def test_three_terms_written_out(make_problem: MakeProblem) -> None:
    problem, train, val = make_problem()
    (mix,), weights = problem.mix, problem.weights
    group = problem.optimizer.param_groups[0]
    lr, decay = group['lr'], group['weight_decay']

    def flat(grads: Any) -> Tensor:
        return torch.cat([grad.reshape(-1) for grad in grads])

    v = flat(torch.autograd.grad(problem.loss(val, None), weights.values()))
    (direct,) = torch.autograd.grad(problem.loss(val, None), [mix])
    slopes = flat(
        torch.autograd.grad(problem.loss(train, None), weights.values(), create_graph=True)
    )
    rows = [
        torch.autograd.grad(slope, [*weights.values(), mix], retain_graph=True) for slope in slopes
    ]
    hessian = torch.stack([flat(row[:-1]) for row in rows]) + decay * torch.eye(len(v)).to(v)
    cross = torch.stack([row[-1] for row in rows])
    step = torch.eye(len(v)).to(v) - lr * hessian
    series = v + step @ v + step @ step @ v
    expected = direct - lr * cross.T @ series
    found = gradients(ImplicitUpdate(), (problem, train, val))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_the_weights_and_their_momentum_stay(make_problem: MakeProblem) -> None:
    problem, train, val = make_problem()
    before = {name: weight.detach().clone() for name, weight in problem.weights.items()}
    buffers = [
        problem.optimizer.state[w]['momentum_buffer'].clone() for w in problem.weights.values()
    ]
    ImplicitUpdate().gradients(problem, train, val)
    for (name, weight), buffer in zip(problem.weights.items(), buffers, strict=True):
        assert torch.equal(weight, before[name])
        assert torch.equal(problem.optimizer.state[weight]['momentum_buffer'], buffer)
        assert weight.grad is None


def test_loss_scale_leaves_the_gradients_as_they_are(make_problem: MakeProblem) -> None:
    plain, scaled = make_problem(), make_problem(loss_scale=1024.0)
    torch.testing.assert_close(
        gradients(ImplicitUpdate(), scaled), gradients(ImplicitUpdate(), plain)
    )


@pytest.mark.parametrize('terms', [0, -1])
def test_terms_out_of_range(terms: int) -> None:
    with pytest.raises(ValueError, match=rf'arch_update\.terms={terms}, expected .* from 1'):
        ImplicitUpdate(terms)


def test_other_optimizers_are_refused() -> None:
    problem, train, val = quadratic()
    adam = torch.optim.Adam(problem.weights.values())
    problem = BilevelProblem(problem.loss, problem.mix, problem.weights, adam)
    with pytest.raises(TypeError, match='ImplicitUpdate unrolls a step of SGD, got Adam'):
        ImplicitUpdate().gradients(problem, train, val)

"""The regulariser of beta-DARTS: its value, its gradient, and that criteria never see it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from ostrdet.models.regularizers import BetaDecay

ONE = [[0.5, -0.3, 0.2, 0.1, -0.1]]
SOFTMAX = [
    [
        0.29331716149723264,
        0.13179589633335537,
        0.21729469767579196,
        0.19661637319786807,
        0.160975871295752,
    ]
]


@pytest.mark.parametrize(
    ('alphas', 'value', 'gradient'),
    [
        (ONE, 1.7265007929572125, SOFTMAX),
        (
            [*ONE, [0.0, 1.0, -1.0, 0.3, 0.2]],
            1.8111166204819353,
            [
                [one / 2 for one in SOFTMAX[0]],
                [
                    0.07510413749654259,
                    0.2041542121989413,
                    0.027629268131891253,
                    0.10137998148510716,
                    0.09173240068751774,
                ],
            ],
        ),
    ],
)
def test_value_and_gradient_are_those_of_the_reference(
    alphas: Any, value: float, gradient: Any, float64: None
) -> None:
    alpha_EO = torch.tensor(alphas, requires_grad=True)
    found = BetaDecay()({'cell': alpha_EO})
    (grad_EO,) = torch.autograd.grad(found, alpha_EO)
    assert found.item() == pytest.approx(value, rel=1e-14)
    torch.testing.assert_close(grad_EO, torch.tensor(gradient), rtol=1e-13, atol=0.0)


def test_cell_types_are_summed(float64: None) -> None:
    one, two = torch.tensor(ONE), torch.zeros(2, 3)
    expected = one.exp().sum().log() + torch.tensor(3.0).log()
    torch.testing.assert_close(BetaDecay()({'normal': one, 'reduce': two}), expected)


def test_the_weight_follows_the_epoch() -> None:
    term = BetaDecay({'type': 'Linear', 'start': 0, 'end': 50})
    weights = []
    for epoch in (0, 50, 99):
        term.set_progress(epoch, 100)
        weights.append(term.weight)
    assert weights == [0.0, 25.0, 49.5]


@pytest.mark.parametrize('weight', [-1, 'much', {'type': 'Linear', 'start': -1, 'end': 0}])
def test_a_weight_that_is_none_is_refused(weight: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r'model\.regularizers\.weight'):
        BetaDecay(weight)


def test_the_criteria_see_the_gradient_without_it(step_of: Callable[..., Any]) -> None:
    plain, decayed = step_of(), step_of(regularizers=[{'type': 'BetaDecay', 'weight': 50.0}])
    for name, grad_EO in plain.arch_step.alpha_grads.items():
        assert torch.equal(grad_EO, decayed.arch_step.alpha_grads[name])
        extra_EO = decayed.alphas[name].grad - grad_EO
        before_EO = plain.arch_step.state.alphas[name]
        torch.testing.assert_close(extra_EO, 50 * before_EO.softmax(-1) / len(before_EO))


def test_a_weight_of_zero_changes_no_bit(step_of: Callable[..., Any]) -> None:
    plain, idle = step_of(), step_of(regularizers=[{'type': 'BetaDecay', 'weight': 0.0}])
    for name, alpha_EO in plain.alphas.items():
        assert torch.equal(alpha_EO, idle.alphas[name])

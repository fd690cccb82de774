"""The regulariser of beta-DARTS: its value, its gradient, and that criteria never see it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ostrdet.models.regularizers import BetaDecay

ONE = [[0.5, -0.3, 0.2, 0.1, -0.1]]


@pytest.mark.parametrize('edges', ['1edge', '2edges'])
def test_value_and_gradient_are_those_of_the_vectors(
    edges: str, shared_data: Path, float64: None
) -> None:
    text = (shared_data.parent / 'reference' / 'vectors.json').read_text(encoding='utf-8')
    vector = json.loads(text)['beta_decay']
    alpha_EO = torch.tensor(vector[f'alpha_{edges}'], requires_grad=True)
    value = BetaDecay()({'cell': alpha_EO})
    (grad_EO,) = torch.autograd.grad(value, alpha_EO)
    torch.testing.assert_close(value, torch.tensor(vector[f'R_{edges}']))
    torch.testing.assert_close(grad_EO, torch.tensor(vector[f'grad_{edges}']))


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

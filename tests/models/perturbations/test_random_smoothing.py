"""The random perturbation of SmoothDARTS: what it draws, and who sees it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from ostrdet.models.perturbations import RandomSmoothing
from ostrdet.models.perturbations.base import project
from ostrdet.models.weightings import MixWeights


def smoothing(epsilon: float) -> RandomSmoothing:
    found = RandomSmoothing(epsilon)
    found.set_progress(0, 1)
    return found


def draw(found: RandomSmoothing, weights_EO: torch.Tensor, seed: int = 0) -> torch.Tensor:
    mix = {'cell': MixWeights(weights_EO)}
    return found(mix, torch.Generator().manual_seed(seed), lambda _: mix)['cell'].op_weights


@pytest.mark.parametrize(
    ('raw', 'expected'),
    [
        ([[0.55, -0.05, 0.25]], [[0.6875, 0.0, 0.3125]]),
        ([[0.6, 0.3 - 0.35, 0.25]], [[0.7058823529411765, 0.0, 0.29411764705882354]]),
        ([[1.4, 0.5, 0.5]], [[0.5, 0.25, 0.25]]),
        ([[-0.2, -0.1, -0.3]], [[0.0, 1.0, 0.0]]),
    ],
)
def test_weights_are_clamped_and_sum_to_one(raw: Any, expected: Any, float64: None) -> None:
    torch.testing.assert_close(project(torch.tensor(raw)), torch.tensor(expected))


def test_ties_of_an_empty_row_go_to_the_first() -> None:
    assert project(torch.tensor([[-0.1, -0.1, -0.2]])).tolist() == [[1.0, 0.0, 0.0]]


def test_epsilon_follows_the_epoch() -> None:
    found = RandomSmoothing({'type': 'Linear', 'start': 0.03, 'end': 0.3})
    for epoch, expected in ((0, 0.03), (10, 0.084), (25, 0.165), (49, 0.2946)):
        found.set_progress(epoch, 50)
        assert found.epsilon == pytest.approx(expected, abs=1e-15)


def test_draws_are_uniform_and_weights_sum_to_one(float64: None) -> None:
    p_EO = torch.full((20_000, 5), 0.2)
    found_EO = draw(smoothing(0.1), p_EO)
    torch.testing.assert_close(found_EO.sum(-1), torch.ones(20_000))
    raw_EO = torch.rand(p_EO.shape, generator=torch.Generator().manual_seed(0)) * 0.2 + 0.1
    torch.testing.assert_close(found_EO, raw_EO / raw_EO.sum(-1, keepdim=True))
    torch.testing.assert_close(raw_EO.var(), torch.tensor(0.1**2 / 3), rtol=0.02, atol=0.0)


def test_the_seed_alone_decides_and_nothing_else_is_drawn() -> None:
    p_EO = torch.full((6, 5), 0.2)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    assert torch.equal(draw(smoothing(0.1), p_EO, 7), draw(smoothing(0.1), p_EO, 7))
    assert not torch.equal(draw(smoothing(0.1), p_EO, 7), draw(smoothing(0.1), p_EO, 8))
    assert torch.equal(torch.get_rng_state(), state)


def test_the_weights_alone_see_it(step_of: Callable[..., Any]) -> None:
    shaken = {'type': 'RandomSmoothing', 'epsilon': 0.3}
    plain, smooth = step_of(), step_of(perturbation=shaken)
    for name, alpha_EO in plain.alphas.items():
        assert torch.equal(alpha_EO, smooth.alphas[name])
        grads = (found.arch_step.op_weight_grads[name] for found in (plain, smooth))
        assert torch.equal(*grads)
    pairs = zip(plain.supernet.parameters(), smooth.supernet.parameters(), strict=True)
    assert any(not torch.equal(one, other) for one, other in pairs)


def test_an_epsilon_of_zero_changes_next_to_nothing(step_of: Callable[..., Any]) -> None:
    plain, still = step_of(), step_of(perturbation={'type': 'RandomSmoothing', 'epsilon': 0.0})
    pairs = zip(plain.supernet.parameters(), still.supernet.parameters(), strict=True)
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('epsilon', [-0.1, 1.5, None, {'type': 'Linear', 'start': 0, 'end': 2}])
def test_an_epsilon_that_is_none_is_refused(epsilon: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r'model\.perturbation\.epsilon'):
        RandomSmoothing(epsilon)

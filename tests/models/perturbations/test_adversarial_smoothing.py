"""The adversarial perturbation: published numbers step by step, and what it leaves alone."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from ostrdet.models.perturbations import AdversarialSmoothing, adversarial_smoothing
from ostrdet.models.weightings import MixWeights

pytestmark = pytest.mark.usefixtures('float64')

P = [[0.5, 0.3, 0.2]]
Q = [[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.5]]
C = [0.1, 0.6, 0.2]
STEPS = [
    [0.5974025974025975, 0.20454545454545453, 0.19805194805194806],
    [0.6188881446751507, 0.20629604822505024, 0.17481580709979908],
    [0.6340856692149012, 0.21136188973830036, 0.15455244104679855],
    [0.6479614505226794, 0.21598715017422646, 0.13605139930309415],
    [0.6611716173925508, 0.22039053913085027, 0.11843784347659891],
    [0.6666666666666667, 0.22222222222222224, 0.11111111111111113],
    [0.6666666666666667, 0.22222222222222224, 0.11111111111111113],
]


def loss(mix: Any) -> Tensor:
    away = mix['cell'].op_weights[0] - torch.tensor(C)
    return away @ torch.tensor(Q) @ away / 2


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The random start of the published numbers."""
    delta = [[0.05, -0.08, 0.02]]
    monkeypatch.setattr(adversarial_smoothing, 'shifted', lambda p, *_: p + p.new_tensor(delta))


@pytest.mark.usefixtures('start')
def test_the_ascent_meets_the_published_numbers() -> None:
    mix = {'cell': MixWeights(torch.tensor(P))}
    assert loss(mix).item() == pytest.approx(0.169)
    seen: list[Tensor] = []

    def watched(mix: Any) -> Tensor:
        seen.append(mix['cell'].op_weights.detach().clone())
        return loss(mix)

    found = AdversarialSmoothing(0.1)(mix, Generator(), watched)['cell'].op_weights
    assert len(seen) == 9  # clean, seven steps, and the end
    torch.testing.assert_close(torch.cat(seen[2:]), torch.tensor(STEPS), rtol=1e-12, atol=0.0)
    torch.testing.assert_close(found, torch.tensor(STEPS[-1:]), rtol=1e-12, atol=0.0)
    assert loss({'cell': MixWeights(found)}).item() == pytest.approx(0.3319012345679013, rel=1e-12)


@pytest.mark.usefixtures('start')
def test_clean_weights_stay_where_the_loss_does_not_rise() -> None:
    mix = {'cell': MixWeights(torch.tensor(P))}
    calls = iter([1.0] + [0.5] * 8)
    falling = lambda m: 0 * m['cell'].op_weights.sum() + next(calls)  # noqa: E731
    assert torch.equal(
        AdversarialSmoothing(0.1)(mix, Generator(), falling)['cell'].op_weights,
        mix['cell'].op_weights,
    )


def test_the_weights_alone_see_it(step_of: Callable[..., Any]) -> None:
    plain = step_of()
    shaken = step_of(perturbation={'type': 'AdversarialSmoothing', 'epsilon': 0.3})
    assert torch.equal(plain.alpha_cell, shaken.alpha_cell)
    assert torch.equal(
        plain.arch_step.op_weight_grads['cell'], shaken.arch_step.op_weight_grads['cell']
    )
    assert shaken.supernet.training
    buffers = zip(plain.supernet.named_buffers(), shaken.supernet.named_buffers(), strict=True)
    counts = [(a, b) for (name, a), (_, b) in buffers if name.endswith('num_batches_tracked')]
    assert counts
    assert all(torch.equal(a, b) for a, b in counts)  # the ascent tracks no batch
    pairs = zip(plain.supernet.parameters(), shaken.supernet.parameters(), strict=True)
    assert any(not torch.equal(one, other) for one, other in pairs)


def test_an_epsilon_of_zero_is_the_plain_step(step_of: Callable[..., Any]) -> None:
    plain = step_of()
    still = step_of(perturbation={'type': 'AdversarialSmoothing', 'epsilon': 0.0})
    pairs = zip(plain.supernet.parameters(), still.supernet.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)

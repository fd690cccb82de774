"""Small bilevel problems in float64 with losses that are smooth in everything."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ostrdet.models.arch_updates import Batch, BilevelProblem

FEATURES, CLASSES, OPS = 4, 3, 3
Loss = Callable[[Batch, Mapping[str, Tensor], Sequence[Tensor]], Tensor]
MakeProblem = Callable[..., tuple[BilevelProblem, Batch, Batch]]


def _tanh_mixture(batch: Batch, weights: Mapping[str, Tensor], mix: Sequence[Tensor]) -> Tensor:
    """Cross-entropy of a weighted sum of three one-layer networks."""
    outputs_ONF = torch.tanh(torch.einsum('nf,ofg->ong', batch.images, weights['layers']))
    mixed_NF = torch.einsum('o,onf->nf', mix[0], outputs_ONF)
    return F.cross_entropy(mixed_NF @ weights['head'], batch.labels)


def _make_problem(
    loss: Loss = _tanh_mixture, loss_scale: float = 1.0, steps: int = 2, **sgd: Any
) -> tuple[BilevelProblem, Batch, Batch]:
    """A problem whose SGD has taken ``steps`` steps already, and the two batches."""
    generator = torch.Generator().manual_seed(0)

    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    weights = {
        'layers': torch.nn.Parameter(randn(OPS, FEATURES, FEATURES)),
        'head': torch.nn.Parameter(randn(FEATURES, CLASSES)),
    }
    mix = [randn(OPS).softmax(dim=0).requires_grad_()]
    train, val = (Batch(randn(8, FEATURES), torch.arange(8) % CLASSES) for _ in range(2))
    settings = {'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.01, **sgd}
    optimizer = torch.optim.SGD(weights.values(), **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(train, weights, [tensor.detach() for tensor in mix]).backward()
        optimizer.step()
    optimizer.zero_grad()

    def problem_loss(batch: Batch, other: Mapping[str, Tensor] | None) -> Tensor:
        return loss(batch, weights if other is None else other, mix)

    problem = BilevelProblem(problem_loss, mix, weights, optimizer, loss_scale)
    return problem, train, val


@pytest.fixture
def tanh_mixture() -> Loss:
    """The loss of every problem here."""
    return _tanh_mixture


@pytest.fixture
def make_problem() -> MakeProblem:
    """Makes the same problem every time, but for its arguments."""
    return _make_problem

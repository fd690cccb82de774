"""The focal loss through mmcv's wrapper, against its definition in plain loops."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]


def plain_focal_loss(
    logits: Array, target: Sequence[int], gamma: float, alpha: float, weight: Sequence[float] | None
) -> Array:
    """The loss of every logit."""
    losses = np.zeros_like(logits)
    for n, row in enumerate(logits):
        for c, logit in enumerate(row):
            p = 1 / (1 + math.exp(-logit))
            if c == target[n]:
                losses[n, c] = -alpha * (1 - p) ** gamma * math.log(p)
            else:
                losses[n, c] = -(1 - alpha) * p**gamma * math.log(1 - p)
            losses[n, c] *= 1 if weight is None else weight[target[n]]
    return losses


FOCAL = [(2.0, 0.25, None), (0.0, 0.5, None), (1.5, 0.9, [0.5, 2.0, 1.0])]


@pytest.mark.parametrize(('gamma', 'alpha', 'weight'), FOCAL)
def test_focal_loss(ops: Any, gamma: float, alpha: float, weight: list[float] | None) -> None:
    logits = torch.randn(8, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 4
    target = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1] if weight else [0, 1, 2, 3, 3, 2, 0, 1])
    weights = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    expected = plain_focal_loss(logits.numpy(), target.tolist(), gamma, alpha, weight)
    args = (logits, target, gamma, alpha, weights)
    np.testing.assert_allclose(ops.sigmoid_focal_loss(*args, 'none'), expected, rtol=1e-12)
    mean, total = (ops.sigmoid_focal_loss(*args, reduction) for reduction in ('mean', 'sum'))
    np.testing.assert_allclose([mean * 8, total], expected.sum(), rtol=1e-12)


@pytest.mark.parametrize(('gamma', 'alpha', 'weight'), FOCAL)
def test_gradient_of_the_focal_loss(
    ops: Any, gamma: float, alpha: float, weight: list[float] | None
) -> None:
    logits = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 3
    target = torch.tensor([0, 1, 2, 2, 1, 0] if weight else [0, 1, 2, 3, 3, 0])
    weights = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    for reduction in ('none', 'mean', 'sum'):
        args = (target, gamma, alpha, weights, reduction)
        assert torch.autograd.gradcheck(
            lambda x, args=args: ops.sigmoid_focal_loss(x, *args), logits.requires_grad_()
        )


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
def test_focal_loss_of_certain_logits_is_finite_and_right(ops: Any, dtype: torch.dtype) -> None:
    """Where 1 - p is 0 in the precision of the logits, the loss is still alpha times the logit."""
    logits = torch.tensor([[60.0, -60.0], [-60.0, 60.0]], dtype=dtype, requires_grad=True)
    losses = ops.sigmoid_focal_loss(logits, torch.tensor([0, 0]), 2.0, 0.25, None, 'none')
    losses.sum().backward()
    expected = torch.tensor([[0.0, 0.0], [15.0, 45.0]], dtype=dtype)
    slopes = torch.tensor([[0.0, 0.0], [-0.25, 0.75]], dtype=dtype)
    assert torch.equal(losses, expected)
    assert torch.allclose(logits.grad, slopes)


def test_focal_loss_of_nothing(ops: Any) -> None:
    logits, target = torch.zeros(0, 4), torch.zeros(0, dtype=torch.long)
    assert ops.sigmoid_focal_loss(logits, target, 2.0, 0.25, None, 'sum') == 0

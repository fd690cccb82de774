"""Parameters that are constants for a while."""

import pytest
import torch
from torch import nn

from ostrdet.models.searchers.mix import frozen


def test_frozen_parameters_take_no_part_and_come_back() -> None:
    layer = nn.Linear(2, 1)
    layer.bias.requires_grad_(False)
    x = torch.ones(1, 2, requires_grad=True)
    with frozen(layer):
        loss = layer(x).sum()
    assert layer.weight.requires_grad
    assert not layer.bias.requires_grad
    grads = torch.autograd.grad(loss, [x, layer.weight], allow_unused=True)
    assert torch.equal(grads[0], layer.weight)
    assert grads[1] is None


def test_parameters_come_back_after_an_error() -> None:
    layer = nn.Linear(2, 1)
    with pytest.raises(RuntimeError, match='stop'), frozen(layer):
        raise RuntimeError('stop')
    assert layer.weight.requires_grad

"""Channels side by side and apart: torch's values, derivatives and the layout of gradients."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ostrdet.kernels.channels_last import concatenate, split_off, subsample

pytestmark = pytest.mark.usefixtures('float64')

LAYOUTS = (torch.contiguous_format, torch.channels_last)


def image(channels: int, layout: torch.memory_format) -> Tensor:
    return torch.randn(2, channels, 4, 5).contiguous(memory_format=layout).requires_grad_()


def check(function: Callable[..., Tensor], *inputs: Tensor) -> None:
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_concatenate(layout: torch.memory_format) -> None:
    parts = [image(2, layout), image(3, layout)]
    together = concatenate(parts)
    assert torch.equal(together, torch.cat(parts, dim=1))
    assert together.is_contiguous(memory_format=layout)
    check(lambda *parts: concatenate(parts), *parts)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_split_off(layout: torch.memory_format) -> None:
    x = image(5, layout)
    first, others = split_off(x, 2)
    assert torch.equal(first, x[:, :2])
    assert torch.equal(others, x[:, 2:])
    check(lambda x: split_off(x, 2)[0] * split_off(x, 3)[1].sum(), x)


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('layout', LAYOUTS)
def test_subsample(layout: torch.memory_format, offset: int) -> None:
    x = image(3, layout)
    assert torch.equal(subsample(x, (2, 3), offset), x[..., offset::2, offset::3])
    check(lambda x: subsample(x, (2, 3), offset).square(), x)


@pytest.mark.parametrize('upstream_layout', LAYOUTS)
def test_gradients_are_as_dense_as_channels_last_images(
    upstream_layout: torch.memory_format,
) -> None:
    parts = [image(2, torch.channels_last), image(3, torch.channels_last)]
    upstream = torch.randn(2, 5, 4, 5).contiguous(memory_format=upstream_layout)
    grads = torch.autograd.grad(concatenate(parts), parts, upstream)
    x = image(5, torch.channels_last)
    first, _ = split_off(x, 2)
    grads += torch.autograd.grad(first, x, upstream[:, :2])
    grads += torch.autograd.grad(subsample(x, (2, 2)), x, upstream[..., ::2, ::2])
    assert all(grad.is_contiguous(memory_format=torch.channels_last) for grad in grads)

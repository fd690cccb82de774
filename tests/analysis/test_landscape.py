"""Eigenvalues of the Hessian, against a dense one and closed forms."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ostrdet.kernels.curvature import (
    Eigenvalues,
    extreme_eigenvalues,
    hessian_operator,
)

pytestmark = pytest.mark.usefixtures('float64')

Make = Callable[..., Any]


def symmetric(size: int) -> Tensor:
    matrix = torch.randn(size, size)
    return matrix + matrix.T


def quadratic(matrix: Tensor, *parameters: Tensor) -> Tensor:
    flat = torch.cat([parameter.reshape(-1) for parameter in parameters])
    return 0.5 * flat @ matrix @ flat


@pytest.mark.parametrize('size', [1, 2, 3, 4, 30])
def test_of_a_quadratic_form_they_are_those_of_its_matrix(size: int) -> None:
    matrix, x = symmetric(size), torch.randn(size, requires_grad=True)
    found = extreme_eigenvalues(hessian_operator([partial(quadratic, matrix, x)], [x]))
    expected = np.linalg.eigvalsh(matrix.numpy())
    assert found == pytest.approx((expected[0], expected[-1]), rel=1e-6)


def test_parameters_of_any_shape_and_the_mean_of_losses() -> None:
    first, second = symmetric(8), symmetric(8)
    x, y = torch.randn(2, 3, requires_grad=True), torch.randn(2, requires_grad=True)
    losses = [partial(quadratic, matrix, x, y) for matrix in (first, second)]
    operator = hessian_operator(losses, [x, y])
    dense = operator @ np.eye(8)
    np.testing.assert_allclose(dense, ((first + second) / 2).numpy(), atol=1e-12)


def test_a_parameter_that_is_not_used_is_flat() -> None:
    matrix = symmetric(3)
    x, unused = torch.randn(3, requires_grad=True), torch.randn(1, requires_grad=True)
    operator = hessian_operator([partial(quadratic, matrix, x)], [x, unused])
    np.testing.assert_allclose(operator @ np.eye(4)[3], np.zeros(4))


@pytest.mark.parametrize('space', ['NASBench201Space', 'DARTSSpace'])
def test_of_a_supernet_they_are_those_of_the_dense_hessian(
    space: str, make_searcher: Make, batch_losses: Make
) -> None:
    searcher = make_searcher(space)
    losses = batch_losses(searcher, number=2)
    alphas = list(searcher.alphas.values())
    found = extreme_eigenvalues(
        hessian_operator([lambda loss=loss: loss(searcher.mix()) for loss in losses], alphas)
    )

    def total(*values: Tensor) -> Tensor:
        mix = {
            name: searcher.weighting(alpha, None, searcher.space.cells[name])
            for name, alpha in zip(searcher.alphas, values, strict=True)
        }
        return sum(loss(mix) for loss in losses) / len(losses)

    blocks = torch.autograd.functional.hessian(total, tuple(alpha.detach() for alpha in alphas))
    sizes = [alpha.numel() for alpha in alphas]
    dense = torch.cat(
        [
            torch.cat([block.reshape(rows, -1) for block in row], dim=1)
            for rows, row in zip(sizes, blocks, strict=True)
        ]
    )
    expected = torch.linalg.eigvalsh(dense)
    assert found == pytest.approx((expected[0].item(), expected[-1].item()), rel=1e-5)
    assert found.dominant == pytest.approx(max(expected.tolist(), key=abs), rel=1e-5)


def test_results_repeat_to_the_bit() -> None:
    matrix, x = symmetric(40), torch.randn(40, requires_grad=True)
    operator = hessian_operator([partial(quadratic, matrix, x)], [x])
    assert extreme_eigenvalues(operator) == extreme_eigenvalues(operator)


@pytest.mark.parametrize(('ends', 'dominant'), [((-3, 2), -3), ((-1, 2), 2), ((1, 2), 2)])
def test_the_dominant_one_keeps_its_sign(ends: tuple[float, float], dominant: float) -> None:
    assert Eigenvalues(*ends).dominant == dominant

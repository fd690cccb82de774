"""The second order against an independent toy, brute force on quadratics, and identities."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.selection.functional import first_order_change
from ostrdet.selection.second_order import (
    block_curvature,
    diagonal_blocks,
    pair_curvature,
    second_order_change,
)
from tests.fixtures.vectors import vectors

pytestmark = pytest.mark.usefixtures('float64')

SHAPES = [(3, 4), (2, 4)]
NUM_WEIGHTS = 20


def close(actual: Tensor, expected: Any, **tolerance: float) -> None:
    tolerance = tolerance or {'rtol': 0, 'atol': 1e-12}
    torch.testing.assert_close(actual, torch.as_tensor(expected), **tolerance)


def quadratic() -> tuple[Tensor, Tensor, list[Tensor]]:
    """Slope, symmetric Hessian and weights of a quadratic loss of two cell types."""
    matrix = torch.randn(NUM_WEIGHTS, NUM_WEIGHTS)
    weights = [torch.randn(shape).softmax(dim=-1) for shape in SHAPES]
    return torch.randn(NUM_WEIGHTS), matrix + matrix.T, weights


def flat(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


def test_toy_network_has_the_published_numbers() -> None:
    toy = vectors('second_order')
    p_EO, grad_EO = torch.tensor(toy['p']), torch.tensor(toy['grad'])
    (blocks_EOO,) = diagonal_blocks(torch.tensor(toy['hessian']), [(2, 3)])
    curvature_EO = block_curvature(p_EO, blocks_EOO)
    close(first_order_change(p_EO, grad_EO), toy['first'])
    close(curvature_EO, toy['second'])
    close(second_order_change(p_EO, grad_EO, curvature_EO), toy['T2'])
    true_EO = torch.tensor(toy['true'])
    errors = [(torch.tensor(toy[key]) - true_EO).abs() for key in ('T2', 'first')]
    assert (errors[0] < errors[1]).sum() == 5


def test_the_change_of_a_quadratic_loss_is_exact() -> None:
    slope, matrix, weights = quadratic()

    def loss(parts: list[Tensor]) -> Tensor:
        x = flat(parts)
        return slope @ x + x @ matrix @ x / 2

    leaves = [w.clone().requires_grad_() for w in weights]
    grads = torch.autograd.grad(loss(leaves), leaves)
    for cell, (p_EO, grad_EO, blocks_EOO) in enumerate(
        zip(weights, grads, diagonal_blocks(matrix, SHAPES), strict=True)
    ):
        found_EO = second_order_change(p_EO, grad_EO, block_curvature(p_EO, blocks_EOO))
        for edge, op in itertools.product(*map(range, p_EO.shape)):
            parts = [w.clone() for w in weights]
            parts[cell][edge] = torch.eye(p_EO.shape[1])[op]
            close(found_EO[edge, op], loss(parts) - loss(weights))


def test_pairs_are_the_products_that_they_stand_for() -> None:
    p_EO, left_EO, right_EO = (torch.randn(3, 4) for _ in range(3))
    outer_EOO = torch.einsum('eo,ek->eok', left_EO, right_EO)
    symmetric_EOO = (outer_EOO + outer_EOO.mT) / 2
    close(pair_curvature(p_EO, left_EO, right_EO), block_curvature(p_EO, symmetric_EOO))


def test_the_mean_over_all_signs_is_the_curvature() -> None:
    toy = vectors('second_order')
    p_EO, matrix = torch.tensor(toy['p']), torch.tensor(toy['hessian'])
    signs = [
        torch.tensor(each, dtype=torch.float64) for each in itertools.product((-1, 1), repeat=6)
    ]
    each = [pair_curvature(p_EO, v.view(2, 3), (matrix @ v).view(2, 3)) for v in signs]
    close(torch.stack(each).mean(dim=0), toy['second'])
    probe = toy['one_probe']
    close((matrix @ torch.tensor(probe['v'])).view(2, 3), probe['Hv'])


def test_the_mean_over_all_labels_is_the_gauss_newton_term() -> None:
    """Labels of all samples together, each set with its probability under the model."""
    toy = vectors('second_order')
    x, p_EO = torch.tensor(toy['x']), torch.tensor(toy['p'])
    weights_EO = p_EO.clone().requires_grad_()
    first = torch.einsum('o,oij,bj->boi', weights_EO[0], torch.tensor(toy['A']), x)
    hidden = torch.tanh(first.sum(dim=1))
    logits = 2 * torch.einsum('o,oij,bj->bi', weights_EO[1], torch.tensor(toy['B']), hidden)
    probabilities = logits.softmax(dim=-1).detach()
    total_EO = torch.zeros(2, 3)
    for labels in itertools.product(range(3), repeat=4):
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
        (grad_EO,) = torch.autograd.grad(loss, weights_EO, retain_graph=True)
        chance = probabilities[range(4), labels].prod()
        total_EO += chance * pair_curvature(p_EO, grad_EO, 4 * grad_EO)
    close(total_EO / 2, toy['gauss_newton_half_second'])


@pytest.mark.parametrize('case', [0, 1])
def test_curvature_turns_the_choice_between_two_operations(case: int) -> None:
    two = vectors('second_order')['two_ops'][case]
    p_EO = torch.tensor([[two['p1'], 1 - two['p1']]])
    curvature_EO = block_curvature(p_EO, torch.tensor([[[two['L2'], 0.0], [0.0, 0.0]]]))
    found_EO = second_order_change(p_EO, torch.tensor([[two['L1'], 0.0]]), curvature_EO)
    close(found_EO, [two['T2']])


def test_an_operation_alone_on_its_edge_changes_nothing() -> None:
    p_EO = torch.tensor([[0.0, 1.0, 0.0]])
    blocks_EOO = torch.randn(1, 3, 3)
    assert block_curvature(p_EO, blocks_EOO + blocks_EOO.mT)[0, 1].abs() < 1e-15


@pytest.mark.parametrize('shapes', [((3,), (3,)), ((2, 3), (3, 2))])
def test_pairs_of_other_shapes_are_refused(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(InvalidValueError, match='expected one shape'):
        pair_curvature(torch.ones(shapes[0]), torch.ones(shapes[1]), torch.ones(shapes[1]))

"""Dirichlet weights and their regulariser: published numbers, moments, and absent candidates."""

from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from ostrdet.errors import InvalidValueError
from ostrdet.models.regularizers import DirichletKL
from ostrdet.models.weightings import DirichletWeighting, SoftmaxWeighting
from ostrdet.structures import CellSpec

pytestmark = pytest.mark.usefixtures('float64')

SPEC = CellSpec(num_inputs=1, num_nodes=1, output=(1,))
ALPHA = [[0.2, -0.22314355131420976, 1.0]]


def draw(alphas_EO: Tensor, seed: int = 0) -> Any:
    return DirichletWeighting()(alphas_EO, None, SPEC, Generator().manual_seed(seed))


def test_the_gradient_of_a_draw_meets_the_numbers_of_drnas(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_EO = torch.tensor([[0.3, 0.2, 0.5]])
    monkeypatch.setattr(torch, '_sample_dirichlet', lambda *_: drawn_EO)
    alphas_EO = torch.tensor(ALPHA, requires_grad=True)
    weights_EO = draw(alphas_EO).op_weights
    torch.testing.assert_close(weights_EO, drawn_EO)
    (grad_EO,) = torch.autograd.grad(
        (weights_EO * torch.tensor([[1.0, -2.0, 0.5]])).sum(), alphas_EO
    )
    expected_EO = torch.tensor([[0.26422126303023913, -0.566863353909314, 0.1034010087973206]])
    torch.testing.assert_close(grad_EO, expected_EO, rtol=1e-6, atol=0.0)  # torch's own series


def test_weights_without_a_draw_are_the_mean() -> None:
    mean_EO = DirichletWeighting().op_weights(torch.tensor(ALPHA))
    torch.testing.assert_close(mean_EO, torch.tensor([[0.3, 0.2, 0.5]]))


def test_draws_have_the_moments_of_the_distribution() -> None:
    drawn_EO = draw(torch.tensor(ALPHA).repeat(200_000, 1)).op_weights
    mean_O = torch.tensor([0.3, 0.2, 0.5])
    torch.testing.assert_close(drawn_EO.mean(dim=0), mean_O, rtol=0.0, atol=2e-3)
    expected_O = mean_O * (1 - mean_O) / (4.0 + 1)
    torch.testing.assert_close(drawn_EO.var(dim=0), expected_O, rtol=0.02, atol=0.0)


def test_the_seed_alone_decides_a_draw() -> None:
    alphas_EO = torch.randn(6, 5)
    state = torch.get_rng_state()
    assert torch.equal(draw(alphas_EO, 1).op_weights, draw(alphas_EO, 1).op_weights)
    assert not torch.equal(draw(alphas_EO, 1).op_weights, draw(alphas_EO, 2).op_weights)
    assert torch.equal(torch.get_rng_state(), state)


def test_absent_candidates_have_no_weight_and_the_others_their_dirichlet() -> None:
    alphas_EO = torch.tensor([[0.2, -torch.inf, 1.0]]).repeat(200_000, 1).requires_grad_()
    drawn_EO = draw(alphas_EO).op_weights
    assert (drawn_EO[:, 1] == 0).all()
    torch.testing.assert_close(drawn_EO.sum(-1), torch.ones(200_000))
    expected_O = torch.tensor([1.2, 0.0, 2.0]) / 3.2
    torch.testing.assert_close(drawn_EO.mean(dim=0).detach(), expected_O, rtol=0.0, atol=2e-3)
    (grad_EO,) = torch.autograd.grad(drawn_EO.square().sum(), alphas_EO)
    assert grad_EO.isfinite().all()
    assert (grad_EO[:, 1] == 0).all()


def test_masked_weights_are_divided_by_their_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, '_sample_dirichlet', lambda *_: torch.tensor([[0.3, 0.2, 0.5]]))
    found_EO = draw(torch.tensor([[0.4, -torch.inf, 0.9]])).op_weights
    torch.testing.assert_close(found_EO, torch.tensor([[0.375, 0.0, 0.625]]))


def test_the_divergence_meets_the_numbers_of_drnas() -> None:
    alphas_EO = torch.tensor(ALPHA, requires_grad=True)
    term = DirichletKL()({'cell': alphas_EO})
    assert term.item() == pytest.approx(0.33378710096104447, rel=1e-12)
    (grad_EO,) = torch.autograd.grad(term, alphas_EO)
    expected_EO = torch.tensor([[-0.03034751456203877, -0.5949742267797281, 0.3611111113184746]])
    torch.testing.assert_close(grad_EO, expected_EO, rtol=1e-6, atol=0.0)


def test_the_divergence_is_a_sum_over_edges_and_cell_types_of_those_of_torch() -> None:
    alphas = {name: torch.randn(4, 3) for name in ('normal', 'reduce')}
    expected = sum(
        torch.distributions.kl_divergence(
            torch.distributions.Dirichlet(torch.nn.functional.elu(row) + 1),
            torch.distributions.Dirichlet(torch.ones(3)),
        )
        for alpha_EO in alphas.values()
        for row in alpha_EO
    )
    torch.testing.assert_close(DirichletKL()(alphas), expected)


def test_the_divergence_knows_the_present_candidates_alone() -> None:
    full, masked = torch.randn(4, 3), torch.full((4, 5), -torch.inf)
    masked[:, [0, 2, 3]] = full
    masked.requires_grad_()
    term = DirichletKL()({'cell': masked})
    torch.testing.assert_close(term.detach(), DirichletKL()({'cell': full}))
    (grad_EO,) = torch.autograd.grad(term, masked)
    assert grad_EO.isfinite().all()
    assert (grad_EO[:, [1, 4]] == 0).all()


def test_the_divergence_refuses_other_weightings() -> None:
    with pytest.raises(
        InvalidValueError, match='DirichletKL is made for DirichletWeighting, got Soft'
    ):
        DirichletKL().check_weighting(SoftmaxWeighting())

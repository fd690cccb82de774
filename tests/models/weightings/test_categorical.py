"""One drawn operation per edge: published numbers, frequencies, and the mean of its gradient."""

import pytest
import torch
from torch import Generator

from ostrdet.models.weightings import CategoricalWeighting
from ostrdet.structures import CellSpec

pytestmark = pytest.mark.usefixtures('float64')

SPEC = CellSpec(num_inputs=1, num_nodes=1, output=(1,))
ALPHA = [[0.3, -0.2, 0.1]]


def test_the_gradient_meets_the_numbers_of_dsnas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, 'multinomial', lambda *_, **__: torch.tensor([[1]]))
    alphas_EO = torch.tensor(ALPHA, requires_grad=True)
    mix = CategoricalWeighting()(alphas_EO, None, SPEC, Generator())
    assert mix.op_weights.tolist() == [[0.0, 1.0, 0.0]]
    assert mix.active.tolist() == [[False, True, False]]
    (grad_EO,) = torch.autograd.grad(mix.op_weights, alphas_EO, torch.tensor([[0.0, -1.7, 0.0]]))
    expected_EO = torch.tensor([[0.7009553654852831, -1.2748490797431011, 0.573893714257818]])
    torch.testing.assert_close(grad_EO, expected_EO, rtol=1e-12, atol=0.0)


def test_draws_follow_the_softmax_and_their_mean_gradient_is_that_of_darts() -> None:
    alphas_EO = torch.tensor(ALPHA).repeat(200_000, 1).requires_grad_()
    mix = CategoricalWeighting()(alphas_EO, None, SPEC, Generator().manual_seed(0))
    p_O = torch.tensor(ALPHA)[0].softmax(-1)
    torch.testing.assert_close(mix.op_weights.detach().mean(0), p_O, rtol=0.0, atol=4e-3)
    reward_O = torch.tensor([1.0, -2.0, 0.5])
    upstream_EO = reward_O * mix.active
    (grad_EO,) = torch.autograd.grad(mix.op_weights, alphas_EO, upstream_EO)
    torch.testing.assert_close(
        grad_EO.mean(0), p_O * (reward_O - (p_O * reward_O).sum()), rtol=0.0, atol=8e-3
    )


def test_absent_candidates_are_never_drawn() -> None:
    alphas_EO = torch.tensor([[0.3, -torch.inf, 0.1]]).repeat(1000, 1).requires_grad_()
    mix = CategoricalWeighting()(alphas_EO, None, SPEC, Generator().manual_seed(0))
    assert not mix.active[:, 1].any()
    (grad_EO,) = torch.autograd.grad(mix.op_weights, alphas_EO, torch.ones(1000, 3) * mix.active)
    assert grad_EO.isfinite().all()

"""Softmax and edge normalisation in closed form, and the contract of every weighting."""

import math

import pytest
import torch

from ostrdet.models.weightings import SoftmaxWeighting, Weighting, normalize_edges
from ostrdet.registry import WEIGHTINGS, build
from ostrdet.structures import CellSpec

pytestmark = pytest.mark.usefixtures('float64')

WEIGHTINGS.import_from_location()
SPEC = CellSpec(num_inputs=2, num_nodes=3, output=(2, 3, 4))
NUM_EDGES, NUM_OPS = 9, 4


def make_weighting(name: str, edge_norm: bool) -> Weighting:
    """The registered weighting, as a config builds it."""
    return build(WEIGHTINGS, {'type': name, 'edge_norm': edge_norm})


@pytest.mark.parametrize('edge_norm', [False, True])
@pytest.mark.parametrize('name', WEIGHTINGS.module_dict)
def test_weights_fit_the_cell_and_carry_gradients(name: str, edge_norm: bool) -> None:
    alphas_EO = (1e-3 * torch.randn(NUM_EDGES, NUM_OPS)).requires_grad_()
    weighting = make_weighting(name, edge_norm)
    betas = torch.randn(weighting.num_betas(SPEC), requires_grad=True)
    weights = weighting(alphas_EO, betas, SPEC)
    assert weights.op_weights.shape == (NUM_EDGES, NUM_OPS)
    assert weights.op_weights.isfinite().all()
    (grad_EO,) = torch.autograd.grad(weights.op_weights.square().sum(), alphas_EO)
    assert (grad_EO != 0).any(dim=1).all(), 'every edge can be learnt'
    assert (weights.edge_weights is None) == (not edge_norm)


@pytest.mark.parametrize('name', sorted({*WEIGHTINGS.module_dict} - {'TopologyWeighting'}))
def test_edge_weights_sum_to_one_per_node(name: str) -> None:
    alphas_EO, betas_E = torch.randn(NUM_EDGES, NUM_OPS), 3 * torch.randn(NUM_EDGES)
    edge_weights_E = make_weighting(name, edge_norm=True)(alphas_EO, betas_E, SPEC).edge_weights
    assert edge_weights_E is not None
    assert (edge_weights_E > 0).all()
    for node in SPEC.nodes:
        incoming = [e for e, edge in enumerate(SPEC.edges) if edge.target == node]
        torch.testing.assert_close(edge_weights_E[incoming].sum(), torch.tensor(1.0))


@pytest.mark.parametrize('name', WEIGHTINGS.module_dict)
def test_without_edge_normalisation_no_beta_is_needed(name: str) -> None:
    weights = make_weighting(name, edge_norm=False)(torch.randn(NUM_EDGES, NUM_OPS), None, SPEC)
    assert weights.edge_weights is None


def test_softmax_in_closed_form() -> None:
    alphas_EO = torch.tensor([[0.0, math.log(3.0)], [5.0, 5.0], [math.log(0.25), 0.0]])
    weights_EO = SoftmaxWeighting().op_weights(alphas_EO)
    expected_EO = torch.tensor([[1 / 4, 3 / 4], [1 / 2, 1 / 2], [1 / 5, 4 / 5]])
    torch.testing.assert_close(weights_EO, expected_EO)


def test_gradient_of_softmax_in_closed_form() -> None:
    alphas_EO = torch.randn(NUM_EDGES, NUM_OPS, requires_grad=True)
    upstream_EO = torch.randn(NUM_EDGES, NUM_OPS)
    p_EO = SoftmaxWeighting().op_weights(alphas_EO)
    (grad_EO,) = torch.autograd.grad((p_EO * upstream_EO).sum(), alphas_EO)
    mean_E1 = (p_EO * upstream_EO).sum(dim=1, keepdim=True)
    torch.testing.assert_close(grad_EO, p_EO * (upstream_EO - mean_E1))


def test_edge_normalisation_in_closed_form() -> None:
    parts = [[1, 3], [1, 1, 2], [2, 3, 4, 1]]
    betas_E = torch.tensor([math.log(part) + node for node, ps in enumerate(parts) for part in ps])
    expected_E = torch.tensor([part / sum(ps) for ps in parts for part in ps])
    torch.testing.assert_close(normalize_edges(betas_E, SPEC), expected_E)

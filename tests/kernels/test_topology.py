"""Softmax within groups, and weights of edges from those of pairs, against the vectors of DOTS."""

import itertools

import pytest
import torch

from ostrdet.kernels.topology import (
    edge_sets,
    edge_weights_of_sets,
    grouped_softmax,
    set_weights,
)
from ostrdet.structures import CellSpec
from ostrdet.structures.progress import exponential_to_last

pytestmark = pytest.mark.usefixtures('float64')

PAIRS = CellSpec(num_inputs=2, num_nodes=4, output=(2, 3, 4, 5), keep_edges=2)
WHOLE = CellSpec(num_inputs=1, num_nodes=3, output=(3,))
GROUPS = [(0, 3), (1, 2, 4)]
#: Three incoming edges under T = 0.5: the weights of the pairs and of the edges.
BETA, TEMPERATURE = (0.2, -0.1, 0.3), 0.5
PAIR_WEIGHTS = (0.36098289073731504, 0.198111610867497, 0.4409054983951878)
EDGE_WEIGHTS = (0.5590945016048121, 0.8018883891325028, 0.6390171092626848)


def test_pairs_and_edges_have_the_published_weights() -> None:
    spec = CellSpec(num_inputs=2, num_nodes=2, output=(2, 3), keep_edges=2)
    weights_P = set_weights(torch.tensor([7.0, *BETA]), spec, TEMPERATURE)
    torch.testing.assert_close(weights_P, torch.tensor([1.0, *PAIR_WEIGHTS]), rtol=1e-14, atol=0)
    edges_E = edge_weights_of_sets(weights_P, spec)
    torch.testing.assert_close(edges_E, torch.tensor([1.0, 1.0, *EDGE_WEIGHTS]), rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    ('epoch', 'temperature'),
    [(50, 10.0), (55, 1.9486988806880499), (60, 0.3797427327594858), (69, 0.02)],
)
def test_the_temperature_falls_as_published(epoch: int, temperature: float) -> None:
    falls = exponential_to_last(10.0, 0.02)
    assert falls(epoch - 50, 20) == pytest.approx(temperature, rel=1e-12)


def test_a_node_may_keep_every_pair_of_its_edges() -> None:
    assert [len(sets) for sets in edge_sets(PAIRS)] == [1, 3, 6, 10]
    for node, sets in zip(PAIRS.nodes, edge_sets(PAIRS), strict=True):
        assert sets == list(itertools.combinations(PAIRS.incoming(node), 2))
    assert edge_sets(WHOLE) == [[(0,)], [(1, 2)], [(3, 4, 5)]]


def test_the_weights_of_a_node_sum_to_the_edges_that_it_keeps() -> None:
    weights_P = set_weights(torch.randn(20), PAIRS, 0.3)
    edges_E = edge_weights_of_sets(weights_P, PAIRS)
    for node in PAIRS.nodes:
        total = edges_E[list(PAIRS.incoming(node))].sum()
        torch.testing.assert_close(total, torch.tensor(2.0))
    assert edge_weights_of_sets(torch.ones(3), WHOLE).tolist() == [1.0] * 6


def test_where_a_pair_has_more_than_half_its_edges_are_the_two_heaviest() -> None:
    for seed in range(20):
        betas_P = torch.randn(20, generator=torch.Generator().manual_seed(seed))
        weights_P = set_weights(betas_P, PAIRS, 0.1)
        edges_E, parts = edge_weights_of_sets(weights_P, PAIRS), weights_P.split([1, 3, 6, 10])
        for node, sets, part in zip(PAIRS.nodes, edge_sets(PAIRS), parts, strict=True):
            if part.max() > 0.5:
                incoming = list(PAIRS.incoming(node))
                two = edges_E[incoming].topk(2).indices.tolist()
                assert {incoming[index] for index in two} == set(sets[int(part.argmax())])


def test_each_group_is_a_softmax_of_its_own() -> None:
    logits_EO = torch.randn(6, 5, requires_grad=True)
    found_EO = grouped_softmax(logits_EO, GROUPS)
    expected_EO = torch.zeros(6, 5)
    for group in map(list, GROUPS):
        expected_EO[:, group] = logits_EO[:, group].softmax(dim=-1)
    torch.testing.assert_close(found_EO, expected_EO)
    assert torch.autograd.gradcheck(lambda x: grouped_softmax(x, GROUPS), logits_EO)


def test_what_an_edge_lacks_has_no_weight_and_no_gradient() -> None:
    absent_EO = torch.tensor([[True, False, True, False, False], [True, False, False, True, True]])
    logits_EO = torch.zeros(2, 5, requires_grad=True)
    found_EO = grouped_softmax(logits_EO.masked_fill(absent_EO, -torch.inf), GROUPS)
    assert found_EO.tolist() == [
        [0, 0.5, 0, 1, 0.5],
        [0, 0.5, 0.5, 0, 0],
    ]  # of one group nothing is left
    (grad_EO,) = torch.autograd.grad((found_EO * torch.randn(2, 5)).sum(), logits_EO)
    assert grad_EO.isfinite().all()
    assert (grad_EO[absent_EO] == 0).all()

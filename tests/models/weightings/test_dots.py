"""The weightings of DOTS: groups of operations, then pairs of edges."""

from typing import Any

import pytest
import torch

from ostrdet.kernels.topology import set_weights
from ostrdet.models.weightings import GroupSoftmaxWeighting, TopologyWeighting
from ostrdet.registry import MODELS
from ostrdet.selection.criteria import OperationStrength, OperationStrengthStar
from ostrdet.spaces import build_space
from ostrdet.structures import ArchState, ArchStep

pytestmark = pytest.mark.usefixtures('float64')

DARTS, NB201 = {'type': 'DARTSSpace', 'num_nodes': 3}, {'type': 'NASBench201Space'}
POOLS, CONVS = (0, 1, 2, 3), (4, 5, 6, 7)


def searcher(weighting: dict[str, Any], space: dict[str, Any] = DARTS) -> Any:
    supernet = {'space': space, 'channels': 2, 'num_cells': 3, 'num_classes': 3}
    return MODELS.build(
        {
            'type': 'BilevelSearcher',
            'supernet': {'type': 'Supernet', **supernet},
            'weighting': weighting,
            'init_std': 0.5,
        }
    )


def test_groups_come_from_the_operations_of_the_space() -> None:
    weighting = GroupSoftmaxWeighting()
    weighting.read_space(build_space(DARTS))
    assert weighting.mixtures == (CONVS, POOLS)
    weights_EO = weighting.op_weights(torch.randn(9, 8))
    torch.testing.assert_close(weights_EO[:, :4].sum(dim=-1), torch.ones(9))
    torch.testing.assert_close(weights_EO[:, 4:].sum(dim=-1), torch.ones(9))


@pytest.mark.parametrize('criterion', [OperationStrength(), OperationStrengthStar()])
def test_a_candidate_is_compared_with_the_mixture_of_its_group(criterion: Any) -> None:
    """Within a group the strength is abs(dL/dalpha), as it is of one softmax."""
    model, grad_EO = searcher({'type': 'GroupSoftmaxWeighting'}), torch.randn(9, 8)
    mix = model.mix()['normal']
    (alpha_grad_EO,) = torch.autograd.grad(mix.op_weights, model.alpha_normal, grad_EO)
    state = ArchState({'normal': model.alpha_normal}, {'normal': mix.op_weights.detach()}, {})
    grads = {'normal': grad_EO}
    step = ArchStep(state, grads, grads, mixtures=model.weighting.mixtures)
    found_EO = criterion.minibatch_scores(step, 'normal')
    if isinstance(criterion, OperationStrengthStar):
        found_EO = found_EO * mix.op_weights
    torch.testing.assert_close(found_EO, alpha_grad_EO.abs())


def test_a_step_says_which_mixtures_there_are() -> None:
    model = searcher({'type': 'GroupSoftmaxWeighting'})
    mix = model.mix()
    grads = [torch.ones_like(weights.op_weights) for weights in mix.values()]
    step, _ = model._pulled_back(mix, grads)
    assert step.mixtures == (CONVS, POOLS)


def test_beta_is_of_pairs_and_the_mix_has_their_weights() -> None:
    model = searcher({'type': 'TopologyWeighting', 'tau': 0.5})
    spec, beta_P = model.space.cells['normal'], model.beta_normal
    assert beta_P.shape == (1 + 3 + 6,)
    mix, state = model.mix()['normal'], model.arch_state()
    torch.testing.assert_close(mix.set_weights, set_weights(beta_P, spec, 0.5))
    assert torch.equal(state.set_weights['normal'], mix.set_weights)
    torch.testing.assert_close(mix.op_weights, (model.alpha_normal / 5e-4).softmax(dim=-1))
    assert torch.autograd.grad(mix.edge_weights[2:5].square().sum(), beta_P)[0][1:4].all()


def test_the_temperature_follows_the_epoch() -> None:
    tau = {'type': 'ExponentialToLast', 'start': 10, 'end': 0.02}
    weighting = TopologyWeighting(tau)
    for epoch, expected in ((0, 10.0), (19, 0.02)):
        weighting.set_progress(epoch, 20)
        assert weighting.progress == {'tau': pytest.approx(expected)}


def test_a_space_that_keeps_all_edges_is_refused() -> None:
    with pytest.raises(
        ValueError, match='NASBench201Space keep all of theirs; set edge_norm=False'
    ):
        searcher({'type': 'TopologyWeighting'}, NB201)
    model = searcher({'type': 'TopologyWeighting', 'edge_norm': False}, NB201)
    assert model.mix()['cell'].edge_weights is None


@pytest.mark.parametrize(('key', 'value'), [('tau', 0.0), ('op_scale', 0.0)])
def test_a_temperature_is_positive(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf'model\.weighting\.{key}=0\.0, expected a'):
        TopologyWeighting(**{key: value})

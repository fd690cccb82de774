"""Wider layers: where channels, momenta and the alphas of dropped candidates are, and what it costs."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ostrdet.engine.hooks.carry import take_alphas, take_weights
from ostrdet.engine.widening import grown, growth
from ostrdet.errors import InvalidValueError
from ostrdet.models.mixed_ops import MixedOp
from ostrdet.models.searchers import BilevelSearcher
from ostrdet.models.weightings import MixWeights

pytestmark = pytest.mark.usefixtures('float64')

BN = {'type': 'BN', 'affine': False}
OPS = ('none', 'skip_connect', 'sep_conv_3x3', 'max_pool_3x3')
NARROW, WIDE = 4, 6


def edge(channels: int, stride: int = 1) -> MixedOp:
    found = MixedOp(OPS, channels, stride, BN, normalized=('max_pool_3x3',))
    for index, buffer in enumerate(found.buffers()):
        buffer.add_(torch.arange(buffer.numel()).reshape(buffer.shape) + 100 * index)
    return found


def widened(stride: int = 1) -> tuple[MixedOp, MixedOp, dict[str, Any]]:
    old, new = edge(NARROW, stride), edge(WIDE, stride)
    plan = growth(new, old.state_dict(), seed=0)
    for name, value in (*new.named_parameters(), *new.named_buffers()):
        value.data.copy_(grown(old.state_dict()[name], plan[name]))
    return old, new, plan


def test_old_channels_stay_where_they_were_and_new_ones_are_copies() -> None:
    old, new, plan = widened()
    before, after = old.state_dict(), new.state_dict()
    pointwise = plan['candidates.2.2.weight']
    index = pointwise[0]
    assert index[:NARROW].tolist() == [0, 1, 2, 3]
    assert len(index) == WIDE
    assert set(index.tolist()) == {0, 1, 2, 3}
    for name, value in before.items():
        for dim, grows in enumerate(plan[name]):  # all layers of the edge copy the same channels
            assert grows is None or torch.equal(grows, index), (name, dim)
        square = tuple(slice(size) for size in value.shape)
        assert torch.equal(after[name][square], value), name
    weight = before['candidates.2.2.weight']
    assert torch.equal(after['candidates.2.2.weight'], weight[index][:, index])
    depthwise = before['candidates.2.1.weight']
    assert torch.equal(after['candidates.2.1.weight'], depthwise[index])  # (C, 1, 3, 3)
    mean = before['candidates.3.1.running_mean']
    assert torch.equal(after['candidates.3.1.running_mean'], mean[index])


def test_both_halves_of_a_factorized_reduction_grow() -> None:
    old, new, _ = widened(stride=2)
    before, after = old.candidates[1], new.candidates[1]
    for name in ('conv_even', 'conv_odd'):
        first = getattr(before, name).weight
        assert torch.equal(getattr(after, name).weight[:2, :NARROW], first)
    means = before.norm.running_mean, after.norm.running_mean
    assert torch.equal(means[1][:2], means[0][:2])
    assert torch.equal(means[1][3:5], means[0][2:])  # the second half begins behind three channels
    x = torch.randn(2, NARROW, 6, 6)
    padded = torch.cat([x, torch.zeros(2, WIDE - NARROW, 6, 6)], dim=1)
    y, wide = before.train()(x), after.train()(padded)
    torch.testing.assert_close(wide[:, [0, 1, 3, 4]], y)


def test_edges_copy_channels_of_their_own() -> None:
    nets = [nn.ModuleList(edge(width) for _ in range(8)) for width in (16, 32)]
    plan = growth(nets[1], nets[0].state_dict(), seed=0)
    drawn = {tuple(plan[f'{i}.candidates.2.2.weight'][0].tolist()) for i in range(8)}
    assert len(drawn) == 8
    again = growth(nets[1], nets[0].state_dict(), seed=0)
    assert torch.equal(plan['7.candidates.2.2.weight'][1], again['7.candidates.2.2.weight'][1])


def test_the_function_changes_by_what_the_copies_add() -> None:
    """As in the reference: an input that stands there n times counts n times."""
    old, new = nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(8, 8, 1, bias=False)
    plan = growth(new, old.state_dict(), seed=0)
    index = plan['weight'][1]
    assert index is not None
    wide_weight = grown(old.weight.detach(), plan['weight'])
    x = torch.randn(2, 4, 3, 3)
    y = torch.nn.functional.conv2d(x[:, index], wide_weight)
    share = torch.bincount(index, minlength=4).double()  # how often each input now counts
    expected = torch.nn.functional.conv2d(x, old.weight.detach() * share[None, :, None, None])
    torch.testing.assert_close(y[:, :4], expected)
    ones = torch.ones_like(x), torch.ones_like(old.weight)
    plain = torch.nn.functional.conv2d(*ones)
    wide = torch.nn.functional.conv2d(ones[0][:, index], grown(ones[1], plan['weight']))
    torch.testing.assert_close(wide[:, :4], 2 * plain)  # twice the inputs, none of them halved


def searcher(k: int, candidates: Any = None, edge_norm: bool = False) -> BilevelSearcher:
    torch.manual_seed(k)
    space = {'type': 'NASBench201Space', 'num_nodes': 2, 'candidates': candidates}
    mixed_op = {'type': 'PartialChannelMixedOp', 'k': k}
    net = {'type': 'Supernet', 'space': space, 'channels': 8, 'num_cells': 1, 'num_classes': 3}
    weighting = {'type': 'DirichletWeighting', 'edge_norm': edge_norm}
    return BilevelSearcher({**net, 'mixed_op': mixed_op}, weighting=weighting, init_std=0.5)


FEW = {'cell': [['none', 'nor_conv_3x3'], ['skip_connect', 'nor_conv_1x1'], ['nor_conv_1x1']]}


def optimizers(model: BilevelSearcher) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    return (
        torch.optim.SGD(model.supernet.parameters(), lr=0.1, momentum=0.9),
        torch.optim.Adam(model.arch_parameters, lr=0.1),
    )


def stepped(model: BilevelSearcher) -> tuple[Any, Any]:
    found = optimizers(model)
    for optimizer in found:
        for group in optimizer.param_groups:
            for weight in group['params']:
                weight.grad = torch.randn_like(weight)
        optimizer.step()
    return found


@pytest.mark.parametrize('edge_norm', [False, True])
def test_momenta_moments_and_alphas_are_where_they_belong(edge_norm: bool) -> None:
    old, new = searcher(4, edge_norm=edge_norm), searcher(2, FEW, edge_norm)
    sgd, adam = stepped(old)
    new_sgd, new_adam = optimizers(new)
    weights = old.supernet.state_dict()
    take_weights(new.supernet, weights, new_sgd, sgd.state_dict(), seed=0)
    take_alphas(new, old.state_dict(), new_adam, adam.state_dict())
    plan = growth(new.supernet, weights, seed=0)
    named = dict(old.supernet.named_parameters())
    assert 0 < len(dict(new.supernet.named_parameters())) < len(named)
    for name, weight in new.supernet.named_parameters():
        assert torch.equal(weight, grown(named[name].detach(), plan[name]))
        momentum = sgd.state[named[name]]['momentum_buffer']
        found = new_sgd.state[weight]['momentum_buffer']
        assert torch.equal(found, grown(momentum, plan[name]))
        assert found.shape == weight.shape
    absent_EO = ~torch.tensor(new.space.presence('cell'))
    alpha_EO, old_EO = new.alphas['cell'], old.alphas['cell']
    assert torch.equal(alpha_EO, old_EO.masked_fill(absent_EO, 0.0))
    for key in ('exp_avg', 'exp_avg_sq'):
        moments = new_adam.state[alpha_EO][key], adam.state[old_EO][key]
        assert torch.equal(moments[0], moments[1].masked_fill(absent_EO, 0.0))
    assert new_adam.state[alpha_EO]['step'] == 1
    for name, beta_E in new.betas.items():
        assert torch.equal(beta_E, old.betas[name])
        assert torch.equal(
            new_adam.state[beta_E]['exp_avg'], adam.state[old.betas[name]]['exp_avg']
        )


def test_pruned_alphas_meet_the_published_numbers() -> None:
    """Of three, the two largest stay with their values, the third is 0 and masked for good."""
    fields = {'ops': ('skip_connect', 'nor_conv_1x1', 'nor_conv_3x3'), 'num_nodes': 1}

    def make(candidates: Any) -> BilevelSearcher:
        space = {'type': 'NASBench201Space', **fields, 'candidates': candidates}
        net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
        return BilevelSearcher(net, weighting={'type': 'DirichletWeighting'})

    old, new = make(None), make({'cell': [['skip_connect', 'nor_conv_3x3']]})
    with torch.no_grad():
        old.alphas['cell'].copy_(torch.tensor([[0.4, -0.2, 0.9]]))
    adam = optimizers(old)[1]
    take_alphas(new, old.state_dict(), optimizers(new)[1], adam.state_dict())
    assert new.alphas['cell'].tolist() == [[0.4, 0.0, 0.9]]
    assert (new.masked_alphas['cell'] > -torch.inf).tolist() == [[True, False, True]]
    assert (new.mix()['cell'].op_weights > 0).tolist() == [[True, False, True]]


def test_without_growth_the_function_stays() -> None:
    old, new = searcher(4), searcher(4, FEW)
    state = optimizers(old)[0].state_dict()
    take_weights(new.supernet, old.supernet.state_dict(), optimizers(new)[0], state, seed=0)
    present: Tensor = torch.tensor(new.space.presence('cell')).double()
    mix = {'cell': MixWeights(torch.rand(3, 5) * present)}
    images = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(old.supernet(images, mix), new.supernet(images, mix))


def test_weights_that_do_not_fit_are_refused() -> None:
    narrow, wide = edge(NARROW), edge(WIDE)
    with pytest.raises(InvalidValueError, match=r'make mixed_op\.k smaller, not larger'):
        growth(narrow, wide.state_dict(), seed=0)
    with pytest.raises(InvalidValueError, match=r"the stage before has no 'candidates\.2"):
        growth(wide, {}, seed=0)

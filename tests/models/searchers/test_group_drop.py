"""A step of DropNAS: what is dropped neither runs, learns nor decays, and criteria know."""

from typing import Any

import pytest
import torch

from ostrdet.models.searchers import BilevelSearcher
from ostrdet.selection import Magnitude, OperationStrength, OperationStrengthStar
from ostrdet.selection.functional import operation_strength_star

pytestmark = pytest.mark.usefixtures('float64')
DROP = {'type': 'GroupDropWeighting', 'rate': 0.3}
DECAY = [{'type': 'AlphaDecay', 'weight': 0.1}]


def make(engine: str = 'fast', **arguments: Any) -> BilevelSearcher:
    torch.manual_seed(0)
    space = {'type': 'NASBench201Space', 'num_nodes': 2}
    net = {'type': 'Supernet', 'space': space, 'channels': 4, 'num_cells': 1, 'num_classes': 3}
    return BilevelSearcher(
        {**net, 'engine': engine}, weighting=DROP, init_std=0.5, **arguments
    ).train()


def data() -> dict[str, Any]:
    from mmpretrain.structures import DataSample

    torch.manual_seed(1)
    labels = [DataSample().set_gt_label(index % 3) for index in range(6)]
    return {'inputs': torch.randn(6, 3, 8, 8), 'data_samples': labels}


def wrappers(model: BilevelSearcher) -> Any:
    from mmengine.optim import OptimWrapper, OptimWrapperDict

    sgd = torch.optim.SGD(model.supernet.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    adam = torch.optim.Adam(model.arch_parameters, lr=0.1, betas=(0.5, 0.999))
    return OptimWrapperDict(
        weights=OptimWrapper(sgd, clip_grad={'max_norm': 3}), arch=OptimWrapper(adam)
    )


@pytest.mark.parametrize('engine', ['plain', 'fast'])
def test_what_is_dropped_neither_runs_nor_learns_nor_decays(engine: str) -> None:
    model = make(engine, regularizers=DECAY)
    wrapper = wrappers(model)
    for seed in range(3):  # momenta and moments of earlier steps must not move them either
        before = {n: p.detach().clone() for n, p in model.named_parameters()}
        old_EO = model.alphas['cell'].detach().clone()
        model.draw_seed = seed
        model.train_step((data(),), wrapper)
        kept_EO = model.arch_step.kept['cell']
        assert not kept_EO.all()
        for name, value in model.named_parameters():
            place = name.partition('.edges.')[2].split('.')
            if len(place) > 3:
                edge, op = int(place[0]), int(place[2])
                assert torch.equal(value, before[name]) != kept_EO[edge, op].item(), name
        new_EO = model.alphas['cell'].detach()
        assert torch.equal(new_EO == old_EO, ~kept_EO)
        torch.testing.assert_close(new_EO.softmax(-1)[~kept_EO], old_EO.softmax(-1)[~kept_EO])


def test_one_step_of_alpha_is_that_of_adam_with_decay_and_then_the_correction() -> None:
    model, twin = make(regularizers=DECAY), make()
    model.draw_seed = twin.draw_seed = 0
    old_EO = twin.alphas['cell'].detach().clone()
    twin.train_step((data(),), wrappers(twin))
    kept_EO = twin.arch_step.kept['cell']
    grad_EO = twin.arch_step.alpha_grads['cell'] + 0.1 * old_EO.where(kept_EO, 0.0)
    alpha_EO = old_EO.clone().requires_grad_()
    alpha_EO.grad = grad_EO
    torch.optim.Adam([alpha_EO], lr=0.1, betas=(0.5, 0.999)).step()
    model.train_step((data(),), wrappers(model))
    for edge in range(len(old_EO)):
        kept = kept_EO[edge]
        expected = alpha_EO.detach()[edge][kept]
        if not kept.all():
            expected += old_EO[edge][kept].exp().sum().log() - expected.exp().sum().log()
        torch.testing.assert_close(model.alphas['cell'].detach()[edge][kept], expected)


def test_engines_agree() -> None:
    ends = []
    for engine in ('plain', 'fast'):
        model = make(engine, regularizers=DECAY)
        wrapper = wrappers(model)
        for seed in range(2):
            model.draw_seed = seed
            model.train_step((data(),), wrapper)
        ends.append(model.state_dict())
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, rtol=1e-7, atol=1e-9)


def test_means_are_over_the_minibatches_in_which_a_candidate_took_part() -> None:
    model = make()
    wrapper, criterion = wrappers(model), OperationStrengthStar()
    criterion.reset()
    sums, counts = torch.zeros(3, 5), torch.zeros(3, 5)
    for seed in range(6):
        model.draw_seed = seed
        model.train_step((data(),), wrapper)
        step = model.arch_step
        criterion.observe(step)
        kept_EO = step.kept['cell']
        sums += operation_strength_star(
            step.state.op_weights['cell'], step.op_weight_grads['cell']
        ).where(kept_EO, 0.0)
        counts += kept_EO
    assert counts.min() < 6
    found_EO = criterion.scores(model.arch_state())['cell']
    torch.testing.assert_close(found_EO, sums / counts.clamp_min(1))
    again = OperationStrengthStar()
    again.load_state_dict(criterion.state_dict())
    assert torch.equal(again.scores(model.arch_state())['cell'], found_EO)


def test_a_window_counts_in_all_its_epochs() -> None:
    model = make()
    wrapper, criterion, whole = wrappers(model), OperationStrength(), OperationStrength()
    criterion.window = 2
    whole.reset()
    for seed in range(4):
        if seed % 2 == 0:
            criterion.reset()
        model.draw_seed = seed
        model.train_step((data(),), wrapper)
        criterion.observe(model.arch_step)
        whole.observe(model.arch_step)
    state = model.arch_state()
    torch.testing.assert_close(criterion.scores(state)['cell'], whole.scores(state)['cell'])
    again = OperationStrength()
    again.window = 2
    again.load_state_dict(criterion.state_dict())
    assert torch.equal(again.scores(state)['cell'], criterion.scores(state)['cell'])


def test_the_magnitude_is_the_softmax_of_all() -> None:
    model = make()
    found_EO = Magnitude().scores(model.arch_state())['cell']
    torch.testing.assert_close(found_EO, model.alphas['cell'].detach().softmax(-1))

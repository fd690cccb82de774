"""A step on one level: one pass moves the weights and alpha; flooding of the loss of the weights."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from ostrdet.errors import InvalidValueError
from tests.models.searchers.test_bilevel import (
    as_batch,
    loss_of,
    make_batch,
    make_searcher,
    make_wrappers,
    step,
    weights_of,
)

pytestmark = pytest.mark.usefixtures('float64')


@pytest.mark.parametrize('edge_norm', [False, True])
def test_both_take_the_step_of_one_gradient(edge_norm: bool) -> None:
    searcher = make_searcher(weighting={'type': 'SoftmaxWeighting', 'edge_norm': edge_norm})
    after = step((make_batch(0),), searcher)
    reference = make_searcher(
        weighting={'type': 'SoftmaxWeighting', 'edge_norm': edge_norm}
    ).train()
    wrappers = make_wrappers(reference)
    loss_of(reference, make_batch(0)).backward()
    expected_EO = reference.alpha_cell.grad.clone()
    for wrapper in wrappers.values():
        wrapper.optimizer.step()
    torch.testing.assert_close(weights_of(after), weights_of(reference))
    for found, expected in zip(after.arch_parameters, reference.arch_parameters, strict=True):
        torch.testing.assert_close(found, expected)
    torch.testing.assert_close(after.arch_step.alpha_grads['cell'], expected_EO)
    assert all(parameter.grad is None for parameter in after.arch_parameters)


def test_the_network_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searcher, calls = make_searcher().train(), []
    searcher.supernet.register_forward_hook(lambda *_: calls.append(1))
    logs = searcher.train_step((make_batch(0),), make_wrappers(searcher))
    assert (len(calls), list(logs)) == (1, ['loss'])


@pytest.mark.parametrize(
    ('key', 'config'),
    [
        ('arch_update', {'type': 'UnrolledUpdate'}),
        ('perturbation', {'type': 'AdversarialSmoothing', 'epsilon': 0.1}),
        ('flood_level', 0.5),
    ],
)
def test_parts_that_need_a_pass_of_their_own_are_refused(key: str, config: Any) -> None:
    with pytest.raises(InvalidValueError, match=rf'model\.{key}: a search on one level'):
        make_searcher(**{key: config}).check_one_level()
    make_searcher().check_one_level()


@pytest.mark.parametrize('level', [0.5, 3.0])
def test_flooding_turns_the_gradient_below_its_level(level: float) -> None:
    pair = (make_batch(0), None)
    flooded, reference = step(pair, make_searcher(flood_level=level)), make_searcher().train()
    sgd = make_wrappers(reference)['weights'].optimizer
    batch = as_batch(make_batch(0))
    loss = F.cross_entropy(reference.supernet(batch.images, reference.mix()), batch.labels)
    sign = 1.0 if loss.item() > level else -1.0
    (sign * loss).backward()
    sgd.step()
    torch.testing.assert_close(weights_of(flooded), weights_of(reference))


@pytest.mark.parametrize(
    ('loss', 'expected'), [(0.7, (0.7, 1.0)), (0.3, (0.7, -1.0)), (0.5, (0.5, 0.0))]
)
def test_flooding_meets_the_published_numbers(loss: float, expected: tuple[float, float]) -> None:
    value = torch.tensor(loss, requires_grad=True)
    flooded = make_searcher(flood_level=0.5)._flooded(value)
    (slope,) = torch.autograd.grad(flooded, value)
    assert (flooded.item(), slope.item()) == pytest.approx(expected)


def test_a_negative_level_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r'model\.flood_level=-1'):
        make_searcher(flood_level=-1)

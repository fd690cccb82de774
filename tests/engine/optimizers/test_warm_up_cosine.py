"""The schedule of PC-DARTS' ImageNet search against its two formulas."""

from math import cos, pi
from typing import Any

import pytest
import torch
from mmengine.optim import CosineAnnealingLR

from ostrdet.engine.optimizers import CosineAfterWarmUpLR
from ostrdet.registry import PARAM_SCHEDULERS

EPOCHS = 12


def make_sgd(*rates: float) -> torch.optim.SGD:
    groups = [{'params': [torch.nn.Parameter(torch.zeros(1))], 'lr': rate} for rate in rates]
    return torch.optim.SGD(groups)


def rates_of(optimizer: torch.optim.SGD, schedulers: Any, steps: int) -> list[list[float]]:
    """The rates of every group, epoch by epoch."""
    found = []
    for _ in range(steps):
        found.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return found


def build(optimizer: torch.optim.SGD, **options: Any) -> Any:
    cfg = {'type': 'ostrdet.CosineAfterWarmUpLR', 'end': EPOCHS, 'optimizer': optimizer, **options}
    return PARAM_SCHEDULERS.build(cfg)


@pytest.mark.parametrize('warm_up', [1, 3, EPOCHS])
@pytest.mark.parametrize('floor', [{'eta_min': 0.02}, {'eta_min_ratio': 0.1}, {}])
def test_a_line_and_then_the_cosine_of_all_epochs(warm_up: int, floor: dict[str, float]) -> None:
    optimizer = make_sgd(0.5, 0.2)
    found = rates_of(optimizer, [build(optimizer, warm_up=warm_up, **floor)], EPOCHS)
    for epoch, rates in enumerate(found):
        for rate, start in zip(rates, (0.5, 0.2), strict=True):
            low = floor.get('eta_min', floor.get('eta_min_ratio', 0) * start)
            curve = low + (start - low) * (1 + cos(pi * epoch / EPOCHS)) / 2
            expected = start * (epoch + 1) / warm_up if epoch < warm_up else curve
            assert rate == pytest.approx(expected, rel=1e-14)


def test_without_warm_up_it_is_the_cosine_of_mmengine() -> None:
    first, second = make_sgd(0.5), make_sgd(0.5)
    ours = rates_of(first, [build(first, warm_up=0, eta_min=0.01)], EPOCHS)
    stock = CosineAnnealingLR(second, eta_min=0.01, end=EPOCHS)
    theirs = rates_of(second, [stock], EPOCHS)
    assert [rate for (rate,) in ours] == pytest.approx([rate for (rate,) in theirs], rel=1e-12)


def test_by_iteration_it_follows_the_same_curve() -> None:
    optimizer, length = make_sgd(0.5), 4
    options = {'convert_to_iter_based': True, 'epoch_length': length, 'by_epoch': True}
    (*found,) = rates_of(optimizer, [build(optimizer, warm_up=3, **options)], EPOCHS * length)
    for step, (rate,) in enumerate(found):
        line, curve = 0.5 * (step + 1) / 12, 0.25 * (1 + cos(pi * step / 48))
        assert rate == pytest.approx(line if step < 12 else curve, rel=1e-14)


def test_it_goes_on_from_its_state() -> None:
    whole, begun, resumed = (make_sgd(0.5) for _ in range(3))
    expected = rates_of(whole, [build(whole, warm_up=3)], EPOCHS)
    first = build(begun, warm_up=3)
    assert rates_of(begun, [first], 5) == expected[:5]
    second = build(resumed, warm_up=3)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(begun.state_dict())
    assert rates_of(resumed, [second], 7) == expected[5:]


def test_a_negative_warm_up_is_refused() -> None:
    with pytest.raises(ValueError, match='expected warm_up >= 0, got warm_up=-1'):
        CosineAfterWarmUpLR(make_sgd(0.5), warm_up=-1, end=EPOCHS)

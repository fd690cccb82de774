"""Signal and noise of gradients: closed forms, a plain loop over autograd, and a state left alone."""

import itertools
import math
import random
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ostrdet.analysis.gradient_noise import alpha_gradients, cut, gradient_noise, normal_strength
from ostrdet.models.arch_updates import Batch
from ostrdet.registry import CRITERIA, build
from ostrdet.structures import ArchStep

pytestmark = pytest.mark.usefixtures('float64')
Make = Callable[..., Any]


def of_mix(searcher: Any, losses: list[Any]) -> list[Callable[[], Tensor]]:
    return [lambda loss=loss: loss(searcher.mix()) for loss in losses]


def test_statistics_by_hand() -> None:
    found = gradient_noise([{'cell': torch.tensor([[g, 2.0]])} for g in (1.0, -3.0, 5.0)])
    assert found.minibatches == 3
    assert found.strength['cell'].tolist() == [[3, 2]]
    assert found.signal['cell'].tolist() == [[1, 2]]
    assert found.noise['cell'].tolist() == [[4, 0]]


def test_sums_of_float32_gradients_are_float64() -> None:
    large = [torch.tensor([[1.0 + k * 2**-23]], dtype=torch.float32) for k in range(3)]
    found = gradient_noise([{'cell': grad} for grad in large])
    assert found.signal['cell'].item() == 1 + 2**-23
    assert found.noise['cell'].item() == pytest.approx(2**-23, rel=1e-9)


@pytest.mark.parametrize('number', [0, 1])
def test_a_deviation_needs_two_minibatches(number: int) -> None:
    with pytest.raises(ValueError, match=f'{number} minibatches: expected at least 2'):
        gradient_noise([{'cell': torch.ones(1, 1)}] * number)


@pytest.mark.parametrize('space', ['NASBench201Space', 'DARTSSpace'])
def test_numbers_are_those_of_a_plain_loop(
    space: str, make_searcher: Make, batch_losses: Make
) -> None:
    searcher = make_searcher(space)
    losses = batch_losses(searcher, number=3)
    found = gradient_noise(alpha_gradients(of_mix(searcher, losses), searcher.alphas))
    each: list[dict[str, list[list[float]]]] = []
    for loss in losses:
        for alpha in searcher.alphas.values():
            alpha.grad = None
        loss(searcher.mix()).backward()
        each.append({name: alpha.grad.tolist() for name, alpha in searcher.alphas.items()})
    assert set(found.strength) == set(searcher.space.cells)
    for name, spec in searcher.space.cells.items():
        for e, o in itertools.product(range(len(spec.edges)), range(len(searcher.space.ops))):
            g = [grads[name][e][o] for grads in each]
            expected = statistics.fmean(map(abs, g)), abs(statistics.fmean(g)), statistics.stdev(g)
            kinds = (found.strength, found.signal, found.noise)
            assert [kind[name][e, o].item() for kind in kinds] == pytest.approx(expected, rel=1e-9)


def test_strength_is_that_of_the_criterion(make_searcher: Make, batch_losses: Make) -> None:
    searcher = make_searcher()
    gradients = [
        *alpha_gradients(of_mix(searcher, batch_losses(searcher, number=3)), searcher.alphas)
    ]
    criterion = build(CRITERIA, {'type': 'OperationStrength'})
    state = searcher.arch_state()
    for grads in gradients:
        # under softmax, g = dL/dalpha / p is a dL/dp that gives it, as its rows sum to zero
        slopes = {name: grad / state.op_weights[name] for name, grad in grads.items()}
        criterion.observe(ArchStep(state, grads, slopes))
    expected = criterion.scores(state)['cell']
    torch.testing.assert_close(gradient_noise(gradients).strength['cell'], expected)


def generators() -> list[Any]:
    return [torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())]


def test_nothing_of_the_searcher_changes(make_searcher: Make, batch_losses: Make) -> None:
    searcher = make_searcher('DARTSSpace')
    losses = batch_losses(searcher, number=2)
    before = {name: value.clone() for name, value in searcher.state_dict().items()}
    drawn = generators()
    gradient_noise(alpha_gradients(of_mix(searcher, losses), searcher.alphas))
    after = searcher.state_dict()
    assert any('running_mean' in name for name in before)
    assert {'alpha_normal', 'alpha_reduce'} <= set(before)
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert all(parameter.grad is None for parameter in searcher.parameters())
    assert generators() == drawn
    assert searcher.training


def batches(*sizes: int) -> list[Batch]:
    ends = [*itertools.accumulate(sizes)]
    return [
        Batch(torch.arange(end - size, end).view(-1, 1, 1, 1) + 0.5, torch.arange(end - size, end))
        for size, end in zip(sizes, ends, strict=True)
    ]


@pytest.mark.parametrize(('size', 'number'), [(1, 8), (2, 4), (3, 2), (4, 2), (8, 1)])
def test_images_are_cut_anew_in_their_order(size: int, number: int) -> None:
    parts = cut(batches(4, 4), size)
    assert [len(part.labels) for part in parts] == [size] * number
    labels = torch.cat([part.labels for part in parts])
    assert labels.tolist() == [*range(size * number)]
    assert torch.equal(torch.cat([part.images for part in parts]).flatten(), labels + 0.5)


def test_noise_falls_with_the_root_of_the_batch_size_where_gradients_are_means() -> None:
    """Without BatchNorm a gradient is the mean of those of its images."""
    images = torch.randn(4096, 1, 1, 1) + 0.1
    pool = [Batch(images, torch.zeros(4096, dtype=torch.long))]
    alpha_EO = torch.zeros(1, 1, requires_grad=True)

    def loss(batch: Batch) -> Tensor:
        return (alpha_EO * batch.images.mean()).sum()

    found = {
        size: gradient_noise(
            alpha_gradients([partial(loss, part) for part in cut(pool, size)], {'cell': alpha_EO})
        )
        for size in (1, 4, 16)
    }
    mean, std = images.mean().item(), images.std().item()
    for size, of_size in found.items():
        assert of_size.minibatches == 4096 / size
        assert of_size.signal['cell'].item() == pytest.approx(abs(mean), rel=1e-9)
        noise = of_size.noise['cell'].item()
        assert noise == pytest.approx(std / math.sqrt(size), rel=0.1)
        expected = normal_strength(of_size.signal['cell'], of_size.noise['cell']).item()
        assert of_size.strength['cell'].item() == pytest.approx(expected, rel=0.05)
    assert found[1].noise['cell'].item() == pytest.approx(std, rel=1e-12)


@pytest.mark.parametrize(('mean', 'std'), [(0.0, 1.0), (0.3, 2.0), (1.0, 1.0), (4.0, 0.5)])
def test_the_mean_of_an_absolute_normal_is_the_integral(mean: float, std: float) -> None:
    x = torch.linspace(mean - 12 * std, mean + 12 * std, 400_001)
    density = torch.exp(-((x - mean) / std).square() / 2) / (std * math.sqrt(2 * math.pi))
    expected = torch.trapezoid(x.abs() * density, x).item()
    found = normal_strength(torch.tensor(mean), torch.tensor(std)).item()
    assert found == pytest.approx(expected, rel=1e-8)


def test_limits_of_the_absolute_normal() -> None:
    found = normal_strength(torch.tensor([2.0, 0.0, 0.0]), torch.tensor([0.0, 3.0, 0.0]))
    assert found.tolist() == [2, pytest.approx(3 * math.sqrt(2 / math.pi)), 0]
    grows = normal_strength(torch.ones(50), torch.linspace(0.1, 5, 50)).diff()
    assert bool((grows > 0).all())
